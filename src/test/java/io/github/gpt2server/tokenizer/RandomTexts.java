package io.github.gpt2server.tokenizer;

import java.util.List;
import java.util.Random;

/** Random valid Unicode texts, the same for the same seed. */
final class RandomTexts {

  private static final List<String> AWKWARD =
      List.of(
          "<|endoftext|>",
          "<|endoftext",
          "|>",
          "\0",
          "\r\n",
          "\ufeff",
          "\ufffd",
          "\u200d",
          "\u00a0",
          "\u2028",
          "e\u0301\u0323",
          "👨‍👩‍👧‍👦",
          "🇩🇪",
          "\udbff\udfff",
          "\uffff",
          "'ll",
          "   ",
          "\t \n");

  private final Random random;

  RandomTexts(long seed) {
    this.random = new Random(seed);
  }

  String next(int maxPieces) {
    StringBuilder text = new StringBuilder();
    int pieces = random.nextInt(maxPieces + 1);
    for (int i = 0; i < pieces; i++) {
      switch (random.nextInt(8)) {
        case 0 -> text.append(AWKWARD.get(random.nextInt(AWKWARD.size())));
        case 1 -> text.appendCodePoint(scalar(0x20));
        case 2 -> text.appendCodePoint(scalar(0x300));
        case 3 -> text.appendCodePoint(scalar(Character.MAX_CODE_POINT + 1));
        case 4 -> text.appendCodePoint(scalar(0x10000));
        case 5 -> text.appendCodePoint(0x300 + random.nextInt(0x70));
        case 6 -> text.append(' ');
        default -> text.append("once upon a time".charAt(random.nextInt(16)));
      }
    }
    return text.toString();
  }

  /** A Unicode scalar value (any code point but a surrogate) below a bound. */
  private int scalar(int bound) {
    int codePoint;
    do {
      codePoint = random.nextInt(bound);
    } while (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE);
    return codePoint;
  }
}
