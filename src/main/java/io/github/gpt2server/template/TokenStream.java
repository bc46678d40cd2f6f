package io.github.gpt2server.template;

import java.util.List;

/** The tokens of a template, one after the other. */
final class TokenStream {

  /** The largest depth of tags and expressions in each other. */
  private static final int MAX_DEPTH = 100;

  /** The number of operators or members in a row, which become expressions in each other. */
  private static final int MAX_CHAIN = 500;

  private final List<Token> tokens;
  private int position;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  Token following() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    if (token.kind() != Token.Kind.END) {
      position++;
    }
    return token;
  }

  boolean isName(String name) {
    return current().is(Token.Kind.NAME, name);
  }

  boolean isOperator(String operator) {
    return current().is(Token.Kind.OPERATOR, operator);
  }

  /** Skips an operator, if it comes next. */
  boolean skipOperator(String operator) {
    boolean found = isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  /** Skips a name, if it comes next. */
  boolean skipName(String name) {
    boolean found = isName(name);
    if (found) {
      next();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw expected("'" + operator + "'");
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw expected("'" + name + "'");
    }
  }

  String name() {
    if (current().kind() != Token.Kind.NAME) {
      throw expected("a name");
    }
    return next().text();
  }

  void expect(Token.Kind kind) {
    if (current().kind() != kind) {
      throw expected(new Token(kind, "", 0).shown());
    }
    next();
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw error("tags or expressions are nested more than %d deep".formatted(MAX_DEPTH));
    }
  }

  void leave() {
    depth--;
  }

  /** Checks the number of operators in a row. */
  void checkChain(int length) {
    if (length > MAX_CHAIN) {
      throw error("an expression has more than %d operators in a row".formatted(MAX_CHAIN));
    }
  }

  TemplateException expected(String what) {
    return error("%s is expected, but %s comes".formatted(what, current().shown()));
  }

  TemplateException error(String problem) {
    return new TemplateException("line " + current().line() + ": " + problem);
  }
}
