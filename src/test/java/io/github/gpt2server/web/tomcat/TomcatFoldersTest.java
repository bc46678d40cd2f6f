package io.github.gpt2server.web.tomcat;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletContext;
import java.io.File;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.catalina.core.StandardServer;
import org.junit.jupiter.api.Test;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;

class TomcatFoldersTest {

  @Test
  void makesNoFolderAndServesNone() {
    File temporary = new File(System.getProperty("java.io.tmpdir"));
    TomcatServletWebServerFactory factory = new TomcatServletWebServerFactory(0);
    new TomcatFolders().tomcatWithoutFolders().customize(factory);
    AtomicReference<ServletContext> context = new AtomicReference<>();

    TomcatWebServer server = (TomcatWebServer) factory.getWebServer(context::set);
    try {
      server.start();

      assertThat(((StandardServer) server.getTomcat().getServer()).getCatalinaBase())
          .isEqualTo(temporary);
      assertThat(context.get().getAttribute(ServletContext.TEMPDIR)).isEqualTo(temporary);
      assertThat(context.get().getRealPath("/")).isNull();
      // From the META-INF/resources of libraries.
      assertThat(context.get().getResourcePaths("/")).isSubsetOf("/webjars/");
    } finally {
      server.stop();
    }
    assertThat(temporary).isDirectory();
  }

  @Test
  void leavesTheFolderThatIsSet() {
    TomcatServletWebServerFactory factory = new TomcatServletWebServerFactory(0);
    factory.setBaseDirectory(new File("set"));
    new TomcatFolders().tomcatWithoutFolders().customize(factory);
    assertThat(factory.getBaseDirectory()).isEqualTo(new File("set"));
  }
}
