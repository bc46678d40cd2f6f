package io.github.gpt2server.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.DeserializationProblemHandler;
import tools.jackson.databind.deser.ValueInstantiator;

/**
 * Words what is wrong with a field as a whole. Ignores fields that other servers know, and refuses
 * those that look like a slip of the pen: a misspelt {@code max_tokns} that is ignored costs its
 * writer an evening.
 */
final class FieldProblems extends DeserializationProblemHandler {

  /** Fields of other servers that look like ours and are not. */
  private static final Set<String> ELSEWHERE = Set.of("top_a", "min_k", "models", "store");

  private final boolean refuseAll;

  FieldProblems(boolean refuseAll) {
    this.refuseAll = refuseAll;
  }

  @Override
  public boolean handleUnknownProperty(
      DeserializationContext context,
      JsonParser parser,
      ValueDeserializer<?> deserializer,
      Object beanOrClass,
      String name) {
    List<String> known = new ArrayList<>();
    Collection<Object> names = deserializer.getKnownPropertyNames();
    if (names != null) {
      names.forEach(field -> known.add(field.toString()));
    }
    String meant = ELSEWHERE.contains(name) ? null : nearest(name, known);
    if (meant != null) {
      throw new FieldException(
              parser, "is not a field of this endpoint; did you mean '" + meant + "'?")
          .prependPath(beanOrClass, name);
    }
    if (refuseAll) {
      known.sort(null);
      throw new FieldException(
              parser,
              "is not a field of this endpoint, and this server refuses unknown fields; it knows "
                  + String.join(", ", known)
                  + ".")
          .prependPath(beanOrClass, name);
    }
    parser.skipChildren();
    return true;
  }

  @Override
  public Object handleUnexpectedToken(
      DeserializationContext context,
      JavaType target,
      JsonToken token,
      JsonParser parser,
      String failure) {
    throw wrongShape(target.isCollectionLikeType() || target.isArrayType(), parser);
  }

  /** A scalar where an object is expected gets here. */
  @Override
  public Object handleMissingInstantiator(
      DeserializationContext context,
      Class<?> target,
      ValueInstantiator instantiator,
      JsonParser parser,
      String failure) {
    throw wrongShape(Collection.class.isAssignableFrom(target), parser);
  }

  private static FieldException wrongShape(boolean array, JsonParser parser) {
    return new FieldException(
        parser,
        "must be "
            + (array ? "an array" : "an object")
            + ", but is "
            + StrictScalars.found(parser)
            + ".");
  }

  /** The known field that a misspelt one stands for, or null if it resembles none. */
  static String nearest(String name, Collection<String> known) {
    String given = letters(name);
    String nearest = null;
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      String wanted = letters(candidate);
      // Short names are close to everything: top_a is no slip for top_k.
      int allowed = wanted.length() < 4 ? 0 : wanted.length() < 8 ? 1 : 2;
      if (Math.abs(given.length() - wanted.length()) > allowed) {
        continue;
      }
      int distance = distance(given, wanted);
      if (distance <= allowed && distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest;
  }

  private static String letters(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }

  /** Edits between two words, a swap of neighbours being one (optimal string alignment). */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      d[i][0] = i;
    }
    for (int j = 0; j <= b.length(); j++) {
      d[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
