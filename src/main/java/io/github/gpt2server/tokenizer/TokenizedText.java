package io.github.gpt2server.tokenizer;

/**
 * A text's tokens and where they are in it.
 *
 * @param ids the token ids
 * @param offsets for each token the Unicode code point of the text at which it starts; a token that
 *     begins inside a character has that character's offset, and one that the tokenizer adds has
 *     the offset of the token after it, or the text's end
 */
public record TokenizedText(int[] ids, int[] offsets) {}
