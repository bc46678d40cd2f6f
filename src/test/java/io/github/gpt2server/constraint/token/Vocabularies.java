package io.github.gpt2server.constraint.token;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.util.List;

/** Vocabularies for tests. */
public final class Vocabularies {
  /** The id of GPT-2's {@code <|endoftext|>}. */
  public static final int END = 50256;

  private static final Encoding GPT2 =
      Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);

  private Vocabularies() {}

  /** GPT-2's own 50,257 tokens. */
  public static TokenTree gpt2() {
    return Gpt2.TREE;
  }

  /** The bytes of one of GPT-2's tokens; none for {@link #END}. */
  public static byte[] gpt2Bytes(int token) {
    IntArrayList one = new IntArrayList();
    one.add(token);
    return token == END ? new byte[0] : GPT2.decodeBytes(one);
  }

  /** A vocabulary of these tokens. */
  public static TokenTree of(List<String> tokens) {
    return TokenTree.of(tokens.size(), id -> tokens.get(id).getBytes(UTF_8), id -> true);
  }

  /** Built once, when it is first needed. */
  private static final class Gpt2 {
    static final TokenTree TREE = TokenTree.of(END + 1, Vocabularies::gpt2Bytes, id -> id != END);
  }
}
