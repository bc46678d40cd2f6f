package io.github.gpt2server.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class SvgTest {
  private final Svg svg = new Svg(200, 100, 10);

  @Test
  void aPanelSaysWhatItsGridStandsFor() throws Exception {
    svg.panel("a < b & c", 40, 20, 150, 60, 3);

    assertThat(texts()).containsExactly("a < b & c", "0", "0.75", "1.5", "2.25", "3");
  }

  @Test
  void aLineGoesFromTheLeftToTheRightAndUpByTheScale() throws Exception {
    svg.panel("", 40, 20, 150, 60, 3)
        .line(List.of(new Svg.Point(0, 0), new Svg.Point(0.5, 1), new Svg.Point(1, 3)), "red");

    assertThat(attributes("polyline", "points")).containsExactly("40.0,80.0 115.0,60.0 190.0,20.0");
  }

  @Test
  void aBarStandsOnTheBottomWithItsRangeAsALine() throws Exception {
    Svg.Panel panel = svg.panel("", 40, 20, 150, 60, 3);
    panel.bar(50, 8, 2, "red");
    panel.range(54, 1, 2.5);

    assertThat(attributes("rect", "y")).containsExactly("", "40.0");
    assertThat(attributes("rect", "height")).containsExactly("100%", "40.0");
    assertThat(attributes("path", "d")).hasSize(6).endsWith("M54.0 60.0V30.0");
  }

  @Test
  void limitsReadWell() {
    assertThat(List.of(0.7, 1.0, 1.1, 45.0, 61.0, 801.0).stream().map(Svg::limit))
        .containsExactly(0.8, 1.0, 2.0, 60.0, 80.0, 1000.0);
  }

  private List<String> texts() throws Exception {
    NodeList nodes = document().getElementsByTagName("text");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent());
    }
    return texts;
  }

  private List<String> attributes(String tag, String name) throws Exception {
    NodeList nodes = document().getElementsByTagName(tag);
    List<String> values = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      values.add(((Element) nodes.item(i)).getAttribute(name));
    }
    return values;
  }

  private Document document() throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg.document())));
  }
}
