package io.github.gpt2server.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * GPT-2's byte-level BPE. Encoding is Hugging Face's tokenizers library; the bytes of each token
 * come from a table of our own, so that any tokens can be turned into text, in pieces or whole.
 *
 * <p>{@link #decode} of {@link #encode} gives every text back unchanged, unless the tokenizer's
 * files change texts: put a space before them, normalize them, or have tokens that swallow white
 * space. Safe for concurrent use. Holds native memory until closed.
 *
 * <p>Source: Radford et al., Language Models are Unsupervised Multitask Learners (2019), section
 * 2.2, and {@code encoder.py} of openai/gpt-2.
 */
public final class Gpt2Tokenizer implements AutoCloseable {

  /** UTF-16 units of text that are encoded at once: what fits the processor's caches is faster. */
  private static final int SEGMENT = 1 << 13;

  private final Vocabulary vocabulary;
  private final BpeLibrary library;
  private final SegmentedEncoder encoder;
  private final TokenRoles roles;
  private final Set<Integer> special;
  private final boolean addsPrefixSpace;
  private final boolean losesWhatHasNoToken;
  private final boolean takesEveryByte;
  private final PostProcessor postProcessor;

  private Gpt2Tokenizer(Vocabulary vocabulary, BpeLibrary library, TokenizerDefinition definition) {
    this.vocabulary = vocabulary;
    this.library = library;
    this.encoder =
        new SegmentedEncoder(
            Gpt2Form.splitPoints(definition.json()),
            library::encode,
            vocabulary::length,
            SEGMENT,
            BpeLibrary.MAX_BYTES / definition.growth());
    this.roles = definition.roles();
    this.special = Set.copyOf(definition.special());
    this.addsPrefixSpace = definition.addsPrefixSpace();
    this.losesWhatHasNoToken = !vocabulary.hasEveryByte() && !definition.byteLevel();
    this.takesEveryByte = Gpt2Form.takesEveryByte(definition.json());
    this.postProcessor = definition.postProcessor();
  }

  /**
   * Reads a tokenizer from a folder in Hugging Face's layout: {@code tokenizer.json}, or else
   * {@code vocab.json} with {@code merges.txt}; added and special tokens also from {@code
   * tokenizer_config.json}, {@code special_tokens_map.json} and {@code added_tokens.json}. A {@code
   * config.json} beside them is asked for {@code vocab_size}, which may count ids that no token
   * has, and, as {@code generation_config.json} is, for the tokens that begin and end a text.
   *
   * @throws TokenizerLoadException if files are missing or do not describe a byte-level BPE; the
   *     message is one sentence with file and problem
   */
  public static Gpt2Tokenizer load(Path folder) {
    TokenizerDefinition definition = TokenizerDefinition.read(folder);
    Vocabulary vocabulary;
    BpeLibrary library;
    try {
      vocabulary = new Vocabulary(definition.tokens(), definition.addedTokens(), definition.size());
      requireVisible(definition);
      library = new BpeLibrary(JsonFile.write(definition.json()), definition.growth());
    } catch (IllegalArgumentException | IOException unusable) {
      throw new TokenizerLoadException(
          "%s is not a byte-level BPE tokenizer: %s."
              .formatted(definition.source(), unusable.getMessage()),
          unusable);
    }
    // The library has its own ideas of added tokens that overlap or have two ids.
    for (Map.Entry<String, Integer> added : definition.addedTokens().entrySet()) {
      if (!definition.finds(added.getValue())) {
        continue;
      }
      int[] found = library.encode(added.getKey());
      if (!Arrays.equals(found, new int[] {added.getValue()})) {
        library.close();
        throw new TokenizerLoadException(
            "%s gives the added token \"%s\" the id %d, but the library encodes it as %s."
                .formatted(
                    definition.source(), added.getKey(), added.getValue(), Arrays.toString(found)));
      }
    }
    return new Gpt2Tokenizer(vocabulary, library, definition);
  }

  /** An added token of which a normalizer leaves nothing would end the process at the next text. */
  private static void requireVisible(TokenizerDefinition definition) throws IOException {
    List<String> normalized = definition.normalizedAddedTokens();
    if (normalized.isEmpty()) {
      return;
    }
    ObjectNode plain = definition.json().deepCopy();
    plain.remove("added_tokens");
    try (BpeLibrary library = new BpeLibrary(JsonFile.write(plain), definition.growth())) {
      for (String token : normalized) {
        if (library.encode(token).length == 0) {
          throw new TokenizerLoadException(
              "%s has the added token \"%s\", of which its normalizer leaves nothing."
                  .formatted(definition.source(), token));
        }
      }
    }
  }

  /**
   * Token ids of a text, all of them; {@code <|endoftext|>} in it becomes the end-of-text token,
   * and so do other added tokens. None is added before or after it.
   *
   * @throws IllegalArgumentException if the text has a surrogate without its pair, and so no UTF-8
   *     form, or a byte that a small vocabulary has no token for, or if it is so long that it must
   *     be read in segments, which this tokenizer cannot do or not with this text
   */
  public int[] encode(String text) {
    return encode(text, () -> {});
  }

  private int[] encode(String text, Runnable onSegment) {
    Surrogates.requirePaired(text, "the text");
    int[] tokens = encoder.encode(text, onSegment);
    if (Arrays.stream(tokens).anyMatch(token -> token >= vocabulary.size())
        || (losesWhatHasNoToken && !vocabulary.isWritten(text, tokens))) {
      throw new IllegalArgumentException(
          "the text has characters that the vocabulary has no tokens for");
    }
    return tokens;
  }

  /**
   * The number of tokens that a text has at least, by the longest token of the vocabulary, without
   * tokenizing it. Zero where the tokenizer may drop a part of a text, or change it.
   */
  public int leastTokens(String text) {
    if (!takesEveryByte) {
      return 0;
    }
    long bytes = Utf8.length(text, 0, text.length());
    return Math.toIntExact((bytes + vocabulary.longest() - 1) / vocabulary.longest());
  }

  /** Tokenizes a text as the method below does, to the end. */
  public TokenizedText tokenize(String text, boolean addSpecialTokens) {
    return tokenize(text, addSpecialTokens, () -> {});
  }

  /**
   * A text's tokens and where they start in it, whatever the tokenizer changes in the text.
   *
   * @param addSpecialTokens whether the tokens that the tokenizer's files put before and after a
   *     text are added; GPT-2's own have none
   * @param onSegment called before each segment of a long text but the first; what it throws ends
   *     the work
   * @throws IllegalArgumentException as {@link #encode} does
   */
  public TokenizedText tokenize(String text, boolean addSpecialTokens, Runnable onSegment) {
    int[] ids = encode(text, onSegment);
    int[] offsets = vocabulary.isWritten(text, ids) ? offsets(ids) : library.starts(text);
    return addSpecialTokens
        ? postProcessor.around(ids, offsets, text.codePointCount(0, text.length()))
        : new TokenizedText(ids, offsets);
  }

  /**
   * The text of tokens, special ones included; what is not UTF-8 becomes U+FFFD, as {@link
   * TextDecoder} says.
   *
   * @throws IllegalArgumentException if an id is out of range
   */
  public String decode(int... tokens) {
    TextDecoder decoder = new TextDecoder();
    StringBuilder text = new StringBuilder(4 * tokens.length);
    for (int token : tokens) {
      decoder.append(vocabulary.bytes(token), text);
    }
    return text.append(decoder.finish()).toString();
  }

  /**
   * The raw bytes of one token, which may be part of a character; none for an id without a token.
   *
   * @throws IllegalArgumentException if the id is out of range
   */
  public byte[] bytes(int token) {
    return vocabulary.bytes(token).clone();
  }

  /**
   * One token as OpenAI's log-probabilities write it: its text, or {@code bytes:\xe2\x80} if its
   * bytes are not whole UTF-8. An id without a token, or whose text an id before it has, is written
   * {@code token_id:4096}, so that no two ids share a name.
   *
   * @throws IllegalArgumentException if the id is out of range
   */
  public String token(int token) {
    return vocabulary.written(token);
  }

  /**
   * The offset of each token: the Unicode code point of the joined text at which it starts; a token
   * that begins inside a character has that character's offset.
   *
   * @throws IllegalArgumentException if an id is out of range
   */
  public int[] offsets(int... tokens) {
    TokenOffsets all = new TokenOffsets();
    int[] offsets = new int[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      offsets[i] = all.next(vocabulary.bytes(tokens[i]));
    }
    return offsets;
  }

  /**
   * Returns whether each token id stands for the same bytes in the other's vocabulary, which is as
   * large.
   */
  public boolean hasVocabularyOf(Gpt2Tokenizer other) {
    return vocabulary.equalTo(other.vocabulary);
  }

  /** Number of token ids, those without a token included. */
  public int vocabSize() {
    return vocabulary.size();
  }

  /**
   * The token that stands before a text, which an empty prompt becomes: {@code bos_token}, in GPT-2
   * {@code <|endoftext|>}. Empty if the folder's files name none.
   */
  public OptionalInt beginning() {
    return roles.beginning();
  }

  /**
   * The token that ends a text: {@code eos_token}, in GPT-2 {@code <|endoftext|>}. Empty if the
   * folder's files name none.
   */
  public OptionalInt endOfText() {
    return roles.end();
  }

  /** The token called {@code unk_token}; empty if the folder's files name none. */
  public OptionalInt unknown() {
    return roles.unknown();
  }

  /**
   * Returns whether a token is special: it belongs to no text and is left out where text is shown.
   */
  public boolean special(int token) {
    return special.contains(token);
  }

  /** Returns whether a space is put before each text. */
  public boolean addsPrefixSpace() {
    return addsPrefixSpace;
  }

  /** Frees native memory, after encodings under way; later ones fail. */
  @Override
  public void close() {
    library.close();
  }
}
