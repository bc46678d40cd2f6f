package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.LintResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.xml.DomUtils;
import org.w3c.dom.Element;

/** The chart as a package. */
class LintIT {

  @Test
  void helmFindsNothingToComplainAbout() {
    LintResult result = Chart.helm().lint().strict().call();
    assertThat(result.getMessages()).containsExactly("[INFO] Chart.yaml: icon is recommended");
    assertThat(result.isFailed()).isFalse();
  }

  @Test
  void itCanBePackaged(@TempDir Path folder) {
    Chart.helm().packageIt().withDestination(folder).call();
    assertThat(folder.resolve("gpt2-server-0.1.0.tgz")).isNotEmptyFile();
  }

  /** The image's tag defaults to the server's version. */
  @Test
  void itsVersionsAreTheServers() throws Exception {
    Map<String, Object> chart = Yamls.read(Files.readString(Chart.FOLDER.resolve("Chart.yaml")));
    Element project =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse("pom.xml")
            .getDocumentElement();
    String version = DomUtils.getChildElementValueByTagName(project, "version");
    assertThat(chart).containsEntry("appVersion", version).containsEntry("version", version);
  }

  /** Notes are for an installation, which helm's template command leaves out. */
  @Test
  void itsNotesSayHowToReachTheServer() {
    assertThat(notes("defaults"))
        .contains(
            "gpt2-server:0.1.0 serves embedded in apps.",
            "port-forward service/demo-gpt2-server 8080:80",
            "helm -n apps test demo")
        .doesNotContain("WARNING", "Authorization");
    assertThat(notes("keys")).contains("https://gpt2.example.com/").doesNotContain("WARNING");
    assertThat(notes("existing-keys")).contains("-H 'Authorization: Bearer KEY'");
    assertThat(notes("gateway")).contains("gpt2.example.com", "WARNING: no API keys are set");
    assertThat(notes("hub-job")).contains("app.kubernetes.io/component=fetch");
    assertThat(notes("hub-init"))
        .contains("serves openai-community/gpt2 at 607a30d783dfa663caf39e06633721c8d4cfcd7e");
  }

  private static String notes(String variant) {
    String output =
        Chart.helm()
            .install()
            .clientOnly()
            .dryRun()
            .withName(Chart.RELEASE)
            .withNamespace(Chart.NAMESPACE)
            .withKubeVersion(Chart.KUBERNETES)
            .withValuesFile(Chart.variant(variant))
            .call()
            .getOutput();
    return output.substring(output.indexOf("NOTES:"));
  }
}
