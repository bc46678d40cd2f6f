package io.github.gpt2server.web.tomcat;

import java.io.File;
import org.apache.catalina.core.StandardContext;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Keeps the embedded Tomcat from making folders: what is served is in the jar, and nothing is
 * compiled or uploaded. Spring Boot would make three for each port, and leave them behind.
 */
@Configuration(proxyBeanMethods = false)
public class TomcatFolders {

  /** Points Tomcat at a folder that is there; it puts nothing into it. */
  @Bean
  public WebServerFactoryCustomizer<TomcatServletWebServerFactory> tomcatWithoutFolders() {
    return factory -> {
      File temporary = new File(System.getProperty("java.io.tmpdir"));
      if (factory.getBaseDirectory() == null) {
        factory.setBaseDirectory(temporary);
      }
      // Without a folder here one would be made; the context then gets none.
      factory.setDocumentRoot(temporary);
      factory.addContextCustomizers(
          context -> {
            context.setDocBase(null);
            if (context instanceof StandardContext standard) {
              standard.setWorkDir(temporary.getAbsolutePath());
            }
          });
    };
  }
}
