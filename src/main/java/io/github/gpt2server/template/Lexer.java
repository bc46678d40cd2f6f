package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into tokens, with Jinja2's {@code trim_blocks} and {@code lstrip_blocks}: the
 * line break after a block's tag and the white space before it on its line are no text.
 */
final class Lexer {
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%\\}\\s*|%\\})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)");
  private static final Pattern INTEGER = Pattern.compile("[0-9](?:_?[0-9])*+");
  private static final Pattern REAL =
      Pattern.compile("[0-9]++(?:\\.[0-9]++(?:[eE][-+]?[0-9]++)?|[eE][-+]?[0-9]++)");
  private static final List<String> OPERATORS = List.of("**", "//", "==", "!=", ">=", "<=");
  private static final String SINGLE = "+-*/%~|.,:()[]{}=<>";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String lines = template.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer = new Lexer(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines);
    while (lexer.position < lexer.source.length()) {
      lexer.textAndTag();
    }
    lexer.add(Token.Kind.END, "");
    return lexer.tokens;
  }

  private void textAndTag() {
    int tag = nextTag();
    String text = source.substring(position, tag);
    if (tag == source.length()) {
      add(Token.Kind.DATA, text);
      position = tag;
      return;
    }
    char kind = source.charAt(tag + 1);
    char sign = at(tag + 2);
    String shown = beforeTag(text, kind, sign);
    add(Token.Kind.DATA, shown);
    goTo(tag);
    Matcher raw = RAW.matcher(source).region(tag, source.length());
    if (kind == '%' && raw.lookingAt()) {
      goTo(raw.end());
      raw();
      return;
    }
    goTo(tag + (sign == '-' || sign == '+' ? 3 : 2));
    switch (kind) {
      case '#' -> comment();
      case '%' -> tag(Token.Kind.BLOCK_BEGIN, Token.Kind.BLOCK_END, "%}");
      default -> tag(Token.Kind.PRINT_BEGIN, Token.Kind.PRINT_END, "}}");
    }
  }

  private int nextTag() {
    for (int i = position; i + 1 < source.length(); i++) {
      if (source.charAt(i) == '{' && "%{#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return source.length();
  }

  /** The text before a tag, without the white space that the tag takes. */
  private String beforeTag(String text, char kind, char sign) {
    if (sign == '-') {
      return PyStrings.stripEnd(text);
    }
    if (sign == '+' || kind == '{') {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean startsLine = lineStart > 0 || position == 0 || source.charAt(position - 1) == '\n';
    return startsLine && PyStrings.stripEnd(text.substring(lineStart)).isEmpty()
        ? text.substring(0, lineStart)
        : text;
  }

  private void raw() {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(position)) {
      throw error("{% raw %} has no {% endraw %}");
    }
    String text = source.substring(position, end.start());
    add(
        Token.Kind.DATA,
        beforeTag(text, '%', end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0)));
    goTo(end.end());
  }

  private void comment() {
    int end = source.indexOf("#}", position);
    if (end < 0) {
      throw error("a comment has no '#}'");
    }
    char sign = end > position ? source.charAt(end - 1) : ' ';
    goTo(end + 2);
    afterTag(sign, true);
  }

  private void tag(Token.Kind begin, Token.Kind end, String closing) {
    add(begin, "");
    int depth = 0;
    while (true) {
      skipSpace();
      char c = at(position);
      boolean signed = c == '-' || c == '+';
      if (depth == 0 && source.startsWith(closing, signed ? position + 1 : position)) {
        goTo(position + closing.length() + (signed ? 1 : 0));
        add(end, "");
        afterTag(c, end == Token.Kind.BLOCK_END);
        return;
      }
      if (position >= source.length()) {
        throw error("a tag has no '" + closing + "'");
      }
      depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      token(c);
    }
  }

  /** Skips the white space that the end of a tag takes. */
  private void afterTag(char sign, boolean takesLineBreak) {
    if (sign == '-') {
      skipSpace();
    } else if (sign != '+' && takesLineBreak && at(position) == '\n') {
      goTo(position + 1);
    }
  }

  private void token(char c) {
    if (c == '\'' || c == '"') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (Character.isLetter(c) || c == '_') {
      int end = position;
      while (Character.isLetterOrDigit(at(end)) || at(end) == '_') {
        end++;
      }
      add(Token.Kind.NAME, end);
    } else if (OPERATORS.stream().anyMatch(each -> source.startsWith(each, position))) {
      add(Token.Kind.OPERATOR, position + 2);
    } else if (SINGLE.indexOf(c) >= 0) {
      add(Token.Kind.OPERATOR, position + 1);
    } else {
      throw error("the character '" + c + "' has no meaning in a tag");
    }
  }

  private void number() {
    Matcher real = REAL.matcher(source).region(position, source.length());
    // After a dot, as in messages.0.role, digits are an index.
    boolean index = position > 0 && source.charAt(position - 1) == '.';
    if (!index && real.lookingAt()) {
      add(Token.Kind.REAL, real.end());
      return;
    }
    Matcher integer = INTEGER.matcher(source).region(position, source.length());
    integer.lookingAt();
    add(Token.Kind.INTEGER, integer.end());
  }

  private void string(char quote) {
    int end = position + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw error("a string has no closing quote");
    }
    add(Token.Kind.STRING, Escapes.unescape(source.substring(position + 1, end)));
    goTo(end + 1);
  }

  private void skipSpace() {
    int end = position;
    while (end < source.length() && PyStrings.isSpace(source.charAt(end))) {
      end++;
    }
    goTo(end);
  }

  private char at(int index) {
    return index < source.length() ? source.charAt(index) : '\0';
  }

  private void add(Token.Kind kind, int end) {
    add(kind, source.substring(position, end));
    goTo(end);
  }

  private void add(Token.Kind kind, String text) {
    if (kind != Token.Kind.DATA || !text.isEmpty()) {
      tokens.add(new Token(kind, text, line));
    }
  }

  private void goTo(int next) {
    for (; position < next; position++) {
      line += source.charAt(position) == '\n' ? 1 : 0;
    }
  }

  private TemplateException error(String problem) {
    return new TemplateException("line " + line + ": " + problem);
  }
}
