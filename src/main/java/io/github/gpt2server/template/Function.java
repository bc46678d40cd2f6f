package io.github.gpt2server.template;

/** A value that can be called: a global function, a method of a value, a macro. */
@FunctionalInterface
interface Function {
  Object call(Scope scope, Arguments arguments);
}
