package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses expressions with the precedence of Jinja2's own parser. */
final class ExpressionParser {

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> NO_TEST_ARGUMENT =
      Set.of("else", "or", "and", "is", "if", "not", "in");

  private final TokenStream tokens;
  private final PrimaryParser primaries;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.primaries = new PrimaryParser(tokens, this);
  }

  @FunctionalInterface
  private interface Level {
    Expression parse();
  }

  /** An expression, with a conditional unless an {@code if} after it belongs to something else. */
  Expression expression(boolean withConditional) {
    tokens.enter();
    Expression value = or();
    for (int i = 0; withConditional && tokens.skipName("if"); i++) {
      tokens.checkChain(i);
      Expression then = value;
      Expression condition = or();
      Expression otherwise =
          tokens.skipName("else")
              ? expression(true)
              : scope -> new Undefined("the inline if-expression has no else");
      value = scope -> Expression.of(Expression.isTrue(condition, scope) ? then : otherwise, scope);
    }
    tokens.leave();
    return value;
  }

  Expression expression() {
    return expression(true);
  }

  /** An expression, or several with commas, which are a tuple. */
  Expression tuple(boolean withConditional) {
    Expression first = expression(withConditional);
    if (!tokens.isOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",") && startsExpression()) {
      items.add(expression(withConditional));
    }
    return new Expression.Items(items);
  }

  private boolean startsExpression() {
    return switch (tokens.current().kind()) {
      case BLOCK_END, PRINT_END, END -> false;
      case OPERATOR -> !Set.of(")", "]", "}", "=").contains(tokens.current().text());
      default -> !tokens.isName("in");
    };
  }

  private Expression or() {
    Expression value = and();
    for (int i = 0; tokens.skipName("or"); i++) {
      tokens.checkChain(i);
      Expression left = value;
      Expression right = and();
      value =
          scope -> {
            Object first = Expression.of(left, scope);
            return Values.isTrue(first) ? first : Expression.of(right, scope);
          };
    }
    return value;
  }

  private Expression and() {
    Expression value = not();
    for (int i = 0; tokens.skipName("and"); i++) {
      tokens.checkChain(i);
      Expression left = value;
      Expression right = not();
      value =
          scope -> {
            Object first = Expression.of(left, scope);
            return Values.isTrue(first) ? Expression.of(right, scope) : first;
          };
    }
    return value;
  }

  private Expression not() {
    if (!tokens.isName("not") || tokens.following().is(Token.Kind.NAME, "in")) {
      return comparison();
    }
    tokens.next();
    tokens.enter();
    Expression value = not();
    tokens.leave();
    return scope -> !Expression.isTrue(value, scope);
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      if (tokens.current().kind() == Token.Kind.OPERATOR
          && COMPARISONS.contains(tokens.current().text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (tokens.isName("not") && tokens.following().is(Token.Kind.NAME, "in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty() ? first : new Expression.Comparison(first, operators, others);
      }
      others.add(sum());
    }
  }

  private Expression sum() {
    return chain(this::concatenation, "+", "-");
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expression.Joined(parts);
  }

  private Expression product() {
    return chain(this::power, "*", "/", "//", "%");
  }

  private Expression power() {
    return chain(() -> unary(true), "**");
  }

  private Expression chain(Level operand, String... operators) {
    Expression value = operand.parse();
    Set<String> accepted = Set.of(operators);
    for (int i = 0;
        tokens.current().kind() == Token.Kind.OPERATOR
            && accepted.contains(tokens.current().text());
        i++) {
      tokens.checkChain(i);
      String operator = tokens.next().text();
      Expression left = value;
      Expression right = operand.parse();
      value =
          scope ->
              Arithmetic.apply(
                  operator, Expression.of(left, scope), Expression.of(right, scope), scope.meter());
    }
    return value;
  }

  private Expression unary(boolean withFilters) {
    tokens.enter();
    Expression value;
    if (tokens.skipOperator("-")) {
      Expression negated = unary(false);
      value = scope -> Arithmetic.negate(Expression.of(negated, scope));
    } else if (tokens.skipOperator("+")) {
      value = unary(false);
    } else {
      value = primaries.primary();
    }
    value = primaries.postfix(value);
    value = withFilters ? filtersAndTests(value) : value;
    tokens.leave();
    return value;
  }

  private Expression filtersAndTests(Expression base) {
    Expression value = base;
    for (int i = 0; ; i++) {
      tokens.checkChain(i);
      if (tokens.skipOperator("|")) {
        value = filter(value);
      } else if (tokens.skipName("is")) {
        value = test(value);
      } else if (tokens.skipOperator("(")) {
        value = new Expression.Call(value, "the value", primaries.given());
      } else {
        return value;
      }
    }
  }

  /** A filter after its bar. */
  Expression.Filtered filter(Expression base) {
    String name = tokens.name();
    Filters.Filter filter = Filters.NAMES.get(name);
    if (filter == null) {
      throw tokens.error("there is no filter '" + name + "'");
    }
    return new Expression.Filtered(
        base, name, filter, tokens.skipOperator("(") ? primaries.given() : Expression.Given.NONE);
  }

  private Expression test(Expression base) {
    boolean negated = tokens.skipName("not");
    String name = tokens.name();
    Tests.Test test = Tests.NAMES.get(name);
    if (test == null) {
      throw tokens.error("there is no test '" + name + "'");
    }
    Expression.Given given = Expression.Given.NONE;
    if (tokens.skipOperator("(")) {
      given = primaries.given();
    } else if (startsTestArgument()) {
      given = new Expression.Given(List.of(primaries.postfix(primaries.primary())), Map.of());
    }
    return new Expression.Tested(base, name, test, given, negated);
  }

  private boolean startsTestArgument() {
    return switch (tokens.current().kind()) {
      case NAME -> !NO_TEST_ARGUMENT.contains(tokens.current().text());
      case STRING, INTEGER, REAL -> true;
      case OPERATOR -> tokens.isOperator("[") || tokens.isOperator("{");
      default -> false;
    };
  }
}
