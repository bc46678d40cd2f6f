package io.github.gpt2server.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses the tags of a template. */
final class StatementParser {
  private static final Set<String> FILES = Set.of("include", "import", "from", "extends", "block");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String template) {
    StatementParser parser = new StatementParser(new TokenStream(Lexer.tokens(template)));
    List<Statement> statements = parser.statements(Set.of());
    if (parser.tokens.current().kind() != Token.Kind.END) {
      throw parser.tokens.error(
          "the tag '%s' belongs to no other".formatted(parser.tokens.following().text()));
    }
    return statements;
  }

  /**
   * Statements up to one of these tags, whose name comes next, or to one that has no place here.
   */
  private List<Statement> statements(Set<String> ends) {
    tokens.enter();
    List<Statement> statements = new ArrayList<>();
    while (true) {
      Token token = tokens.current();
      if (token.kind() == Token.Kind.DATA) {
        statements.add(new Statement.Text(tokens.next().text()));
      } else if (token.kind() == Token.Kind.PRINT_BEGIN) {
        tokens.next();
        statements.add(new Statement.Print(expressions.tuple(true)));
        tokens.expect(Token.Kind.PRINT_END);
      } else if (token.kind() == Token.Kind.BLOCK_BEGIN) {
        String name = tokens.following().text();
        if (ends.contains(name) || isEnd(name)) {
          tokens.leave();
          return statements;
        }
        tokens.next();
        statements.add(tag(tokens.name()));
      } else {
        tokens.leave();
        return statements;
      }
    }
  }

  private static boolean isEnd(String name) {
    return name.startsWith("end") || name.equals("else") || name.equals("elif");
  }

  private Statement tag(String name) {
    return switch (name) {
      case "if" -> conditional();
      case "for" -> loop();
      case "set" -> assignment();
      case "macro" -> macro();
      case "call" -> callBlock();
      case "filter" -> filterBlock();
      case "with" -> with();
      case "generation" -> {
        tokens.expect(Token.Kind.BLOCK_END);
        yield new Statement.Generation(body("endgeneration"));
      }
      case "break", "continue" -> jump(name);
      default ->
          throw tokens.error(
              FILES.contains(name)
                  ? "the tag '%s' has no meaning in a chat template, which is a single file"
                      .formatted(name)
                  : "there is no tag '%s'".formatted(name));
    };
  }

  /** The statements up to an end tag, and that. */
  private List<Statement> body(String end) {
    List<Statement> body = statements(Set.of(end));
    endTag(end);
    return body;
  }

  private void endTag(String end) {
    if (tokens.current().kind() != Token.Kind.BLOCK_BEGIN) {
      throw tokens.expected("the tag '" + end + "'");
    }
    tokens.next();
    tokens.expectName(end);
    tokens.expect(Token.Kind.BLOCK_END);
  }

  private Statement conditional() {
    List<Expression> conditions = new ArrayList<>();
    List<List<Statement>> branches = new ArrayList<>();
    do {
      conditions.add(expressions.tuple(true));
      tokens.expect(Token.Kind.BLOCK_END);
      branches.add(statements(Set.of("elif", "else", "endif")));
    } while (skipTag("elif"));
    if (skipTag("else")) {
      tokens.expect(Token.Kind.BLOCK_END);
      branches.add(statements(Set.of("endif")));
    }
    endTag("endif");
    return new Statement.If(conditions, branches);
  }

  private boolean skipTag(String name) {
    if (tokens.current().kind() != Token.Kind.BLOCK_BEGIN
        || !tokens.following().is(Token.Kind.NAME, name)) {
      return false;
    }
    tokens.next();
    tokens.next();
    return true;
  }

  private Statement loop() {
    Target target = target(true);
    tokens.expectName("in");
    Expression iterable = expressions.tuple(false);
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    if (tokens.isName("recursive")) {
      throw tokens.error("recursive loops are not supported");
    }
    tokens.expect(Token.Kind.BLOCK_END);
    loops++;
    List<Statement> body = statements(Set.of("else", "endfor"));
    loops--;
    List<Statement> otherwise = List.of();
    if (skipTag("else")) {
      tokens.expect(Token.Kind.BLOCK_END);
      otherwise = statements(Set.of("endfor"));
    }
    endTag("endfor");
    return new Statement.For(target, iterable, condition, body, otherwise);
  }

  private Statement jump(String name) {
    if (loops == 0) {
      throw tokens.error("the tag '%s' is in no loop".formatted(name));
    }
    tokens.expect(Token.Kind.BLOCK_END);
    Statement.Flow flow = name.equals("break") ? Statement.Flow.BREAK : Statement.Flow.CONTINUE;
    return (scope, out) -> flow;
  }

  private Statement assignment() {
    Target target = target(false);
    if (tokens.skipOperator("=")) {
      Expression value = expressions.tuple(true);
      tokens.expect(Token.Kind.BLOCK_END);
      return new Statement.Assign(target, value);
    }
    List<Expression.Filtered> filters = new ArrayList<>();
    while (tokens.skipOperator("|")) {
      filters.add(expressions.filter(null));
    }
    tokens.expect(Token.Kind.BLOCK_END);
    return new Statement.Capture(target, body("endset"), filters);
  }

  /** One variable or several with commas; in a loop also in parentheses. */
  private Target target(boolean ofLoop) {
    boolean parentheses = tokens.skipOperator("(");
    List<Target> targets = new ArrayList<>();
    boolean several = false;
    do {
      String name = tokens.name();
      if (ofLoop && name.equals("loop")) {
        throw tokens.error("a loop's variable cannot be called 'loop'");
      }
      targets.add(
          !ofLoop && tokens.skipOperator(".")
              ? new Target.Attribute(name, tokens.name())
              : new Target.Variable(name));
      several |= tokens.isOperator(",");
    } while (tokens.skipOperator(",") && tokens.current().kind() == Token.Kind.NAME);
    if (parentheses) {
      tokens.expectOperator(")");
    }
    return several ? new Target.Several(targets) : targets.get(0);
  }

  private Statement macro() {
    String name = tokens.name();
    return new Statement.DefineMacro(macro(name, "endmacro", parameters()));
  }

  /** Parameters in parentheses, with their defaults. */
  private Map<String, Expression> parameters() {
    Map<String, Expression> parameters = new LinkedHashMap<>();
    tokens.expectOperator("(");
    boolean optional = false;
    while (!tokens.skipOperator(")")) {
      String name = tokens.name();
      Expression value = tokens.skipOperator("=") ? expressions.expression() : null;
      if (optional && value == null) {
        throw tokens.error("a parameter without a default follows one with a default");
      }
      optional = value != null;
      parameters.put(name, value);
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return parameters;
  }

  private Macro macro(String name, String end, Map<String, Expression> parameters) {
    tokens.expect(Token.Kind.BLOCK_END);
    int outside = loops;
    loops = 0;
    List<Statement> body = body(end);
    loops = outside;
    List<Expression> defaults =
        parameters.values().stream().filter(value -> value != null).toList();
    return new Macro(name, List.copyOf(parameters.keySet()), defaults, body);
  }

  private Statement callBlock() {
    Map<String, Expression> parameters = tokens.isOperator("(") ? parameters() : Map.of();
    if (!(expressions.expression() instanceof Expression.Call call)) {
      throw tokens.error("the tag 'call' needs a call");
    }
    return new Statement.CallBlock(call, macro("caller", "endcall", parameters));
  }

  private Statement filterBlock() {
    List<Expression.Filtered> filters = new ArrayList<>();
    do {
      filters.add(expressions.filter(null));
    } while (tokens.skipOperator("|"));
    tokens.expect(Token.Kind.BLOCK_END);
    return new Statement.FilterBlock(body("endfilter"), filters);
  }

  private Statement with() {
    Map<String, Expression> variables = new LinkedHashMap<>();
    while (tokens.current().kind() == Token.Kind.NAME) {
      String name = tokens.name();
      tokens.expectOperator("=");
      variables.put(name, expressions.expression());
      if (!tokens.skipOperator(",")) {
        break;
      }
    }
    tokens.expect(Token.Kind.BLOCK_END);
    return new Statement.With(variables, body("endwith"));
  }
}
