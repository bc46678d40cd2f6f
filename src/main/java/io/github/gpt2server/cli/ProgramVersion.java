package io.github.gpt2server.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version recorded by the build, as {@code --version} prints it. */
final class ProgramVersion implements IVersionProvider {
  private static final String NOTE = "/META-INF/build-info.properties";

  @Override
  public String[] getVersion() throws IOException {
    Properties build = new Properties();
    try (InputStream in = ProgramVersion.class.getResourceAsStream(NOTE)) {
      if (in != null) {
        build.load(in);
      }
    }
    return new String[] {"gpt2-server " + build.getProperty("build.version", "(unknown version)")};
  }
}
