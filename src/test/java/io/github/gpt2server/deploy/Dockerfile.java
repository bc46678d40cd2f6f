package io.github.gpt2server.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Dockerfile as a list of instructions.
 *
 * @param instructions in the order of the file, those of all stages
 */
record Dockerfile(List<Instruction> instructions) {
  private static final Pattern ASSIGNMENT =
      Pattern.compile("([A-Za-z_.][\\w.-]*)=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S*)");

  /** One instruction, its continued lines joined. */
  record Instruction(String name, String arguments) {

    /** The arguments of an exec form. */
    List<String> exec() {
      String json = arguments.substring(Math.max(0, arguments.indexOf('[')));
      if (!json.startsWith("[")) {
        throw new AssertionError(name + " is not in exec form: " + arguments);
      }
      return List.of(JsonMapper.shared().readValue(json, String[].class));
    }
  }

  static Dockerfile read(Path file) {
    List<Instruction> instructions = new ArrayList<>();
    StringBuilder joined = new StringBuilder();
    try {
      for (String line : Files.readAllLines(file)) {
        String text = line.strip();
        if (text.startsWith("#") || text.isEmpty()) {
          continue;
        }
        boolean continued = text.endsWith("\\");
        joined.append(continued ? text.substring(0, text.length() - 1) : text);
        if (!continued) {
          String[] parts = joined.toString().strip().split("\\s+", 2);
          instructions.add(new Instruction(parts[0].toUpperCase(Locale.ROOT), parts[1]));
          joined.setLength(0);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Dockerfile(List.copyOf(instructions));
  }

  List<Instruction> all(String name) {
    return instructions.stream().filter(instruction -> instruction.name().equals(name)).toList();
  }

  /** The instructions of the last stage and of those that it builds on, the oldest first. */
  Dockerfile image() {
    Map<String, List<Instruction>> stages = new LinkedHashMap<>();
    List<Instruction> stage = new ArrayList<>();
    for (Instruction instruction : instructions) {
      if (instruction.name().equals("FROM")) {
        String[] words = instruction.arguments().replaceAll("--\\S+ ", "").split("\\s+", -1);
        stage = new ArrayList<>(stages.getOrDefault(words[0], List.of()));
        stages.put(words.length > 2 ? words[2] : "", stage);
      } else {
        stage.add(instruction);
      }
    }
    return new Dockerfile(stage);
  }

  /** The last instruction of that name. */
  Optional<Instruction> last(String name) {
    return all(name).stream().reduce((first, second) -> second);
  }

  /** The assignments of all instructions of that name ({@code ARG}, {@code ENV}, {@code LABEL}). */
  Map<String, String> assigned(String name) {
    Map<String, String> assigned = new LinkedHashMap<>();
    for (Instruction instruction : all(name)) {
      Matcher matcher = ASSIGNMENT.matcher(instruction.arguments());
      while (matcher.find()) {
        assigned.put(matcher.group(1), matcher.group(2).replaceAll("^\"|\"$", ""));
      }
    }
    return assigned;
  }
}
