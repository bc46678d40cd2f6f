package io.github.gpt2server.constraint.json;

import static io.github.gpt2server.constraint.automaton.Fragment.alternatives;
import static io.github.gpt2server.constraint.automaton.Fragment.anyOf;
import static io.github.gpt2server.constraint.automaton.Fragment.optional;
import static io.github.gpt2server.constraint.automaton.Fragment.range;
import static io.github.gpt2server.constraint.automaton.Fragment.repeat;
import static io.github.gpt2server.constraint.automaton.Fragment.sequence;
import static io.github.gpt2server.constraint.automaton.Fragment.star;
import static io.github.gpt2server.constraint.automaton.Fragment.text;

import io.github.gpt2server.constraint.automaton.DeterministicBuilder;
import io.github.gpt2server.constraint.automaton.Fragment;
import io.github.gpt2server.constraint.automaton.Repetition;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/**
 * The form in which JSON is written: at most one space after each comma and colon and no other
 * white space; strings in UTF-8, with escapes for quotation marks, backslashes and the five control
 * characters that have a short one, and without other control characters.
 */
final class JsonText {
  /**
   * Largest number of digits before and after the point, unless a bound needs more: parsers have
   * limits, and models that have begun to repeat a digit go on.
   */
  static final int MAX_DIGITS = 16;

  static final Fragment DIGIT = range('0', '9');

  /** The digits after a point. */
  static final Fragment FRACTION = sequence(text("."), repeat(DIGIT, 1, MAX_DIGITS));

  static final Fragment COMMA = sequence(text(","), optional(text(" ")));
  private static final Fragment COLON = sequence(text(":"), optional(text(" ")));
  private static final Fragment QUOTE = text("\"");

  /** The integers without leading zeros from 1. */
  private static final Fragment POSITIVE =
      sequence(range('1', '9'), repeat(DIGIT, 0, MAX_DIGITS - 1));

  static final Fragment INTEGER = alternatives(text("0"), sequence(optional(text("-")), POSITIVE));

  static final Fragment NUMBER =
      sequence(
          optional(text("-")),
          alternatives(text("0"), POSITIVE),
          optional(FRACTION),
          optional(sequence(anyOf("eE"), optional(anyOf("+-")), repeat(DIGIT, 1, 2))));

  static final Fragment BOOLEAN = alternatives(text("true"), text("false"));
  static final Fragment NULL = text("null");

  /** Escapes by the byte that they stand for. */
  private static final Map<Integer, Fragment> ESCAPES = escapes();

  private final DeterministicBuilder builder;

  /** A character of a string as it is, before escapes. */
  private final Fragment character;

  /** A character of a string as it is written. */
  private final Fragment written;

  JsonText(DeterministicBuilder builder) {
    this.builder = builder;
    BitSet characters = new BitSet(Character.MAX_CODE_POINT + 1);
    characters.set(' ', Character.MAX_CODE_POINT + 1);
    ESCAPES.keySet().forEach(characters::set);
    character = builder.character(characters);
    written = builder.compact(builder.substituted(character, ESCAPES));
  }

  private static Map<Integer, Fragment> escapes() {
    Map<Integer, Fragment> escapes = new TreeMap<>();
    String characters = "\"\\\b\f\n\r\t";
    String letters = "\"\\bfnrt";
    for (int i = 0; i < characters.length(); i++) {
      escapes.put((int) characters.charAt(i), text("\\" + letters.charAt(i)));
    }
    return escapes;
  }

  /** A string of a number of characters (code points). */
  Fragment string(int least, int most) {
    return sequence(QUOTE, repeat(written, least, most), QUOTE);
  }

  /** A string whose characters, as they are before escapes, are a text of a language. */
  Fragment string(Fragment content, int least, int most) {
    Fragment possible = builder.intersection(content, repeat(character, least, most));
    return possible == Fragment.NOTHING
        ? possible
        : sequence(QUOTE, builder.substituted(possible, ESCAPES), QUOTE);
  }

  /** The names of an object's members that are none of those given. */
  Fragment nameOtherThan(List<String> names) {
    if (names.isEmpty()) {
      return string(0, Repetition.UNBOUNDED);
    }
    Fragment others =
        builder.difference(
            star(character), alternatives(names.stream().map(Fragment::text).toList()));
    return sequence(QUOTE, builder.substituted(others, ESCAPES), QUOTE);
  }

  /** A member of an object. */
  static Fragment member(Fragment name, Fragment value) {
    return sequence(name, COLON, value);
  }

  static Fragment object(Members members) {
    return sequence(text("{"), members, text("}"));
  }

  /** A value written as it is, but for the optional spaces. */
  static Fragment constant(JsonNode value) {
    if (value.isArray()) {
      return sequence(
          text("["), separated(value.valueStream().map(JsonText::constant).toList()), text("]"));
    }
    if (value.isObject()) {
      return sequence(
          text("{"),
          separated(
              value.properties().stream()
                  .map(each -> member(name(each.getKey()), constant(each.getValue())))
                  .toList()),
          text("}"));
    }
    return text(value.toString());
  }

  /** A member's name. */
  static Fragment name(String name) {
    return text(StringNode.valueOf(name).toString());
  }

  private static Fragment separated(List<Fragment> parts) {
    List<Fragment> all = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      if (i > 0) {
        all.add(COMMA);
      }
      all.add(parts.get(i));
    }
    return sequence(all);
  }

  /**
   * Any value with arrays and objects in each other.
   *
   * @param depth largest number of them around a value that is neither
   */
  Fragment any(int depth) {
    Fragment scalar = alternatives(string(0, Repetition.UNBOUNDED), NUMBER, BOOLEAN, NULL);
    Fragment value = scalar;
    for (int i = 0; i < depth; i++) {
      value = alternatives(scalar, array(value), anyObject(value));
    }
    return value;
  }

  /** Any object with values of a language. */
  Fragment anyObject(Fragment value) {
    return object(new Members(List.of(), member(string(0, Repetition.UNBOUNDED), value), COMMA));
  }

  private static Fragment array(Fragment item) {
    return sequence(
        text("["), optional(new SeparatedList(item, COMMA, 1, Repetition.UNBOUNDED)), text("]"));
  }
}
