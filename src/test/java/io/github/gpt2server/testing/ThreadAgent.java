package io.github.gpt2server.testing;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Ends threads in another JVM, into which it is loaded. */
public final class ThreadAgent {
  private static final String CLASS_FILE = ThreadAgent.class.getName().replace('.', '/') + ".class";

  private ThreadAgent() {}

  /** Has a new thread of this name end for want of memory. */
  public static void starve(Path folder, long process, String thread) throws Exception {
    load(folder, process, "starve:" + thread);
  }

  /** Has the thread with which Tomcat waits for requests end as it does when Tomcat stops. */
  public static void stopPoller(Path folder, long process, String thread) throws Exception {
    load(folder, process, "poller:" + thread);
  }

  private static void load(Path folder, long process, String order) throws Exception {
    VirtualMachine machine = VirtualMachine.attach(Long.toString(process));
    try {
      machine.loadAgent(jar(folder).toString(), order);
    } catch (IOException e) {
      // The other JVM has ended before it could say that the order was carried out.
      Thread.onSpinWait();
    } finally {
      machine.detach();
    }
  }

  private static Path jar(Path folder) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Agent-Class", ThreadAgent.class.getName());
    manifest.getMainAttributes().putValue("Can-Redefine-Classes", "true");
    Path jar = Files.createTempFile(folder, "agent", ".jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out, manifest);
        InputStream code = ThreadAgent.class.getClassLoader().getResourceAsStream(CLASS_FILE)) {
      entries.putNextEntry(new JarEntry(CLASS_FILE));
      code.transferTo(entries);
    }
    return jar;
  }

  /** Called by the JVM that it is loaded into. */
  public static void agentmain(String order, Instrumentation jvm) throws Exception {
    String name = order.substring(order.indexOf(':') + 1);
    if (order.startsWith("starve:")) {
      Runnable hungry =
          () -> {
            throw new OutOfMemoryError("Java heap space");
          };
      new Thread(hungry, name).start();
      return;
    }
    jvm.redefineModule(
        Thread.class.getModule(),
        Set.of(),
        Map.of(),
        Map.of("java.lang", Set.of(ThreadAgent.class.getModule())),
        Set.of(),
        Map.of());
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals(name)) {
        Object poller = work(thread);
        Method destroy = poller.getClass().getDeclaredMethod("destroy");
        destroy.setAccessible(true);
        destroy.invoke(poller);
      }
    }
  }

  /** The task that a thread was given; Java 19 and later have it one step further away. */
  private static Object work(Thread thread) throws ReflectiveOperationException {
    if (Runtime.version().feature() < 19) {
      return field(Thread.class, "target", thread);
    }
    Object holder = field(Thread.class, "holder", thread);
    return field(holder.getClass(), "task", holder);
  }

  private static Object field(Class<?> type, String name, Object object)
      throws ReflectiveOperationException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field.get(object);
  }
}
