package io.github.gpt2server.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the static field of the type {@link LiveServer} one server in float32 for all test classes
 * with this annotation. It starts with the first of them, must be idle after each, and ends with
 * the tests. Nothing is known about its prefix cache and its metrics: tests of these take {@link
 * OwnServer}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ServerExtension.class)
public @interface SharedServer {}
