package io.github.gpt2server.tokenizer;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * The tokens that a tokenizer puts before and after a text, as the {@code post_processor} of its
 * files says.
 *
 * @param before ids before a text
 * @param after ids after it
 */
record PostProcessor(int[] before, int[] after) {
  private static final PostProcessor NONE = new PostProcessor(new int[0], new int[0]);

  /**
   * Reads them from the {@code post_processor} of a definition.
   *
   * @param source the file that messages name
   * @param size the number of ids of the vocabulary
   * @throws TokenizerLoadException if it does not put tokens around one text
   */
  static PostProcessor of(Path source, JsonNode processor, int size) {
    if (processor.isMissingNode() || processor.isNull()) {
      return NONE;
    }
    PostProcessor postProcessor =
        switch (processor.path("type").asString("")) {
          case "ByteLevel" -> NONE;
          case "Sequence" -> sequence(source, processor.path("processors"), size);
          case "TemplateProcessing" -> template(source, processor);
          case "BertProcessing", "RobertaProcessing" ->
              new PostProcessor(id(processor.path("cls")), id(processor.path("sep")));
          default -> throw refused(source);
        };
    for (int id : concat(postProcessor.before, postProcessor.after)) {
      if (id < 0 || id >= size) {
        throw refused(source);
      }
    }
    return postProcessor;
  }

  private static TokenizerLoadException refused(Path source) {
    return new TokenizerLoadException(
        "%s has a post_processor that does not put tokens of the vocabulary around a text."
            .formatted(source));
  }

  /** The first is the innermost. */
  private static PostProcessor sequence(Path source, JsonNode processors, int size) {
    PostProcessor all = NONE;
    for (JsonNode processor : processors) {
      PostProcessor next = of(source, processor, size);
      all = new PostProcessor(concat(next.before, all.before), concat(all.after, next.after));
    }
    return all;
  }

  private static PostProcessor template(Path source, JsonNode template) {
    IntStream.Builder before = IntStream.builder();
    IntStream.Builder after = IntStream.builder();
    int texts = 0;
    for (JsonNode part : template.path("single")) {
      texts += part.path("Sequence").path("id").asString("").equals("A") ? 1 : 0;
      if (part.has("SpecialToken")) {
        JsonNode ids =
            template
                .path("special_tokens")
                .path(part.path("SpecialToken").path("id").asString(""))
                .path("ids");
        for (JsonNode id : ids.isEmpty() ? JsonFile.array().add(-1) : ids) {
          (texts == 0 ? before : after).add(id.asInt(-1));
        }
      }
    }
    if (texts != 1) {
      throw new TokenizerLoadException(
          "%s has a post_processor whose template has the text %d times, but must have it once."
              .formatted(source, texts));
    }
    return new PostProcessor(before.build().toArray(), after.build().toArray());
  }

  /** Of a token written with its id, such as {@code ["</s>", 2]}. */
  private static int[] id(JsonNode token) {
    return new int[] {token.path(1).asInt(-1)};
  }

  /**
   * A text's tokens with these around them.
   *
   * @param end the text's length in code points
   */
  TokenizedText around(int[] ids, int[] offsets, int end) {
    return new TokenizedText(
        concat(before, ids, after),
        concat(
            new int[before.length],
            offsets,
            IntStream.generate(() -> end).limit(after.length).toArray()));
  }

  private static int[] concat(int[]... parts) {
    int[] whole = new int[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int position = 0;
    for (int[] part : parts) {
      System.arraycopy(part, 0, whole, position, part.length);
      position += part.length;
    }
    return whole;
  }
}
