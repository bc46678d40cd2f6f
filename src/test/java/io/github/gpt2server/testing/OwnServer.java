package io.github.gpt2server.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the static field of the type {@link LiveServer} a server that starts before the class's
 * tests and ends after them.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ServerExtension.class)
public @interface OwnServer {
  /** The options of its command line. */
  String[] value() default {};

  /** Configurations beside the server's own. */
  Class<?>[] configurations() default {};
}
