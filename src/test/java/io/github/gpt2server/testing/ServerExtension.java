package io.github.gpt2server.testing;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/** Starts and ends the servers of {@link SharedServer} and {@link OwnServer}. */
final class ServerExtension implements BeforeAllCallback, AfterAllCallback {
  private static final Namespace SERVERS = Namespace.create(ServerExtension.class);

  @Override
  public void beforeAll(ExtensionContext context) throws IllegalAccessException {
    Field field = field(context);
    field.setAccessible(true);
    field.set(null, server(context));
  }

  private static LiveServer server(ExtensionContext context) {
    OwnServer own = context.getRequiredTestClass().getAnnotation(OwnServer.class);
    // A store closes what it has: with the class that of the class, with the tests that of the
    // root.
    return own == null
        ? context
            .getRoot()
            .getStore(SERVERS)
            .computeIfAbsent(
                LiveServer.class, type -> new LiveServer("--gpt2.dtype=float32"), LiveServer.class)
        : store(context)
            .computeIfAbsent(
                LiveServer.class,
                type -> new LiveServer(List.of(own.configurations()), own.value()),
                LiveServer.class);
  }

  private static Store store(ExtensionContext context) {
    return context.getStore(Namespace.create(ServerExtension.class, context.getUniqueId()));
  }

  /** A request that still runs would disturb the next class. */
  @Override
  public void afterAll(ExtensionContext context) {
    if (context.getRequiredTestClass().isAnnotationPresent(SharedServer.class)) {
      context
          .getRoot()
          .getStore(SERVERS)
          .get(LiveServer.class, LiveServer.class)
          .awaitStatus(status -> status.running() == 0 && status.waiting() == 0);
    }
  }

  private static Field field(ExtensionContext context) {
    List<Field> fields =
        ReflectionSupport.findFields(
            context.getRequiredTestClass(),
            field -> Modifier.isStatic(field.getModifiers()) && field.getType() == LiveServer.class,
            HierarchyTraversalMode.TOP_DOWN);
    if (fields.size() != 1) {
      throw new IllegalStateException(
          "%s has %d static fields of the type LiveServer, but must have one"
              .formatted(context.getRequiredTestClass().getName(), fields.size()));
    }
    return fields.get(0);
  }
}
