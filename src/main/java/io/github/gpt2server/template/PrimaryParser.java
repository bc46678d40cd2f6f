package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parses values without operators: literals, names, members, items and calls. */
final class PrimaryParser {
  private static final Expression NONE = scope -> None.NONE;

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  PrimaryParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** A literal, a name, or an expression in brackets. */
  Expression primary() {
    Token token = tokens.current();
    return switch (token.kind()) {
      case NAME -> {
        tokens.next();
        yield name(token.text());
      }
      case STRING -> constant(strings());
      case INTEGER -> {
        tokens.next();
        yield constant(integer(token));
      }
      case REAL -> {
        tokens.next();
        yield constant(Double.valueOf(token.text()));
      }
      default -> bracketed();
    };
  }

  /** Strings in a row, which are one. */
  private String strings() {
    StringBuilder text = new StringBuilder();
    while (tokens.current().kind() == Token.Kind.STRING) {
      text.append(tokens.next().text());
    }
    return text.toString();
  }

  private Expression bracketed() {
    if (tokens.skipOperator("(")) {
      return parenthesized();
    }
    if (tokens.skipOperator("[")) {
      return new Expression.Items(list("]"));
    }
    if (tokens.skipOperator("{")) {
      return entries();
    }
    throw tokens.expected("an expression");
  }

  private static Expression constant(Object value) {
    return scope -> value;
  }

  private Long integer(Token token) {
    try {
      return Long.valueOf(token.text().replace("_", ""));
    } catch (NumberFormatException tooLarge) {
      throw tokens.error("the number " + token.text() + " is too large");
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> constant(true);
      case "false", "False" -> constant(false);
      case "none", "None" -> NONE;
      default -> new Expression.Name(name);
    };
  }

  private Expression parenthesized() {
    if (tokens.skipOperator(")")) {
      return new Expression.Items(List.of());
    }
    Expression value = expressions.tuple(true);
    tokens.expectOperator(")");
    return value;
  }

  private List<Expression> list(String end) {
    List<Expression> items = new ArrayList<>();
    while (!tokens.skipOperator(end)) {
      items.add(expressions.expression());
      if (!tokens.isOperator(end)) {
        tokens.expectOperator(",");
      }
    }
    return items;
  }

  private Expression entries() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      keys.add(expressions.expression());
      tokens.expectOperator(":");
      values.add(expressions.expression());
      if (!tokens.isOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return new Expression.Entries(keys, values);
  }

  /** Members, items and calls after a value. */
  Expression postfix(Expression base) {
    Expression value = base;
    String name = base instanceof Expression.Name named ? named.name() : "the value";
    for (int i = 0; ; i++) {
      tokens.checkChain(i);
      if (tokens.skipOperator(".")) {
        Token member = tokens.next();
        if (member.kind() == Token.Kind.INTEGER) {
          value = new Expression.Item(value, constant(integer(member)));
        } else if (member.kind() == Token.Kind.NAME) {
          value = new Expression.Attribute(value, member.text());
        } else {
          throw tokens.error("a name must follow the dot");
        }
        name = member.text();
      } else if (tokens.skipOperator("[")) {
        value = subscript(value);
      } else if (tokens.skipOperator("(")) {
        value = new Expression.Call(value, name, given());
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression base) {
    Expression start = tokens.isOperator(":") ? NONE : expressions.expression();
    if (tokens.skipOperator("]")) {
      return new Expression.Item(base, start);
    }
    tokens.expectOperator(":");
    Expression stop =
        tokens.isOperator(":") || tokens.isOperator("]") ? NONE : expressions.expression();
    Expression step = NONE;
    if (tokens.skipOperator(":") && !tokens.isOperator("]")) {
      step = expressions.expression();
    }
    tokens.expectOperator("]");
    return new Expression.Slice(base, start, stop, step);
  }

  /** Arguments up to the closing parenthesis. */
  Expression.Given given() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.skipOperator(")")) {
      if (tokens.isOperator("*") || tokens.isOperator("**")) {
        throw tokens.error("arguments with * are not supported");
      }
      if (tokens.current().kind() == Token.Kind.NAME
          && tokens.following().is(Token.Kind.OPERATOR, "=")) {
        String name = tokens.name();
        tokens.next();
        named.put(name, expressions.expression());
      } else if (named.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw tokens.error("an argument without a name follows one with a name");
      }
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new Expression.Given(positional, named);
  }
}
