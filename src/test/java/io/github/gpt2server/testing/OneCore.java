package io.github.gpt2server.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks a long test class that waits, or computes on one core: in processes that it starts, or in
 * code of one thread. {@code mvn verify} runs two such classes at a time, each in a JVM of its own,
 * so that they assert no durations and share no server or browser with other classes.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("one-core")
public @interface OneCore {}
