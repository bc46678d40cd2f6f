package io.github.gpt2server.chart;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** An SVG picture of panels with numbers in them. Lengths are pixels, y grows downwards. */
public final class Svg {
  private static final int GRID_LINES = 4;

  /** From where to where a text goes, seen from its place. */
  public enum Anchor {
    START,
    MIDDLE,
    END
  }

  /**
   * A point of a line.
   *
   * @param x 0 at the panel's left edge, 1 at its right one
   * @param value by the panel's scale
   */
  public record Point(double x, double value) {}

  private final StringBuilder shapes = new StringBuilder();

  /** A white sheet. */
  public Svg(int width, int height, int fontSize) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"%d\">",
        width, height, fontSize);
    add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
  }

  /** The picture as a file's text. */
  public String document() {
    return shapes + "</svg>\n";
  }

  /** A filled rectangle. */
  public void rectangle(double x, double y, double width, double height, String colour) {
    add(
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
        x, y, width, height, colour);
  }

  /** A line of text whose letters stand at {@code y}. */
  public void text(double x, double y, Anchor anchor, String text) {
    add(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
        x,
        y,
        anchor.name().toLowerCase(Locale.ROOT),
        text.replace("&", "&amp;").replace("<", "&lt;"));
  }

  /** A panel with its title and a grid that shows the scale, from 0 to {@code limit}. */
  public Panel panel(
      String title, double left, double top, double width, double height, double limit) {
    Panel panel = new Panel(left, top, width, height, limit);
    text(left, top - 12, Anchor.START, title);
    for (int i = 0; i <= GRID_LINES; i++) {
      double value = limit * i / GRID_LINES;
      double y = panel.y(value);
      add("<path d=\"M%.1f %.1fh%.1f\" stroke=\"#ddd\"/>", left, y, width);
      text(left - 5, y + 4, Anchor.END, readable(value));
    }
    return panel;
  }

  /** The next number above that reads well on an axis: 1, 2, 3, 4, 6 or 8 times a power of ten. */
  public static double limit(double most) {
    double power = Math.pow(10, Math.floor(Math.log10(most)));
    for (double step : new double[] {1, 2, 3, 4, 6, 8}) {
      if (step * power >= most) {
        return step * power;
      }
    }
    return 10 * power;
  }

  private static String readable(double value) {
    return new BigDecimal(value, new MathContext(4)).stripTrailingZeros().toPlainString();
  }

  private void add(String pattern, Object... values) {
    shapes.append(format(pattern, values)).append('\n');
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /** A part of the picture where heights stand for numbers. */
  public final class Panel {
    private final double left;
    private final double top;
    private final double width;
    private final double height;
    private final double limit;

    private Panel(double left, double top, double width, double height, double limit) {
      this.left = left;
      this.top = top;
      this.width = width;
      this.height = height;
      this.limit = limit;
    }

    private double y(double value) {
      return bottom() - height * value / limit;
    }

    /** Where the panel ends. */
    public double bottom() {
      return top + height;
    }

    /** Says below the panel what stands at {@code x}. */
    public void label(double x, String text) {
      text(x, bottom() + 15, Anchor.MIDDLE, text);
    }

    /** A bar from the bottom up to a number. */
    public void bar(double x, double barWidth, double value, String colour) {
      rectangle(x, y(value), barWidth, bottom() - y(value), colour);
    }

    /** A thin line upright between two numbers. */
    public void range(double x, double low, double high) {
      add("<path d=\"M%.1f %.1fV%.1f\" stroke=\"black\"/>", x, y(low), y(high));
    }

    /** A line through points. */
    public void line(List<Point> points, String colour) {
      add(
          "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"%s\"/>",
          colour,
          points.stream()
              .map(point -> format("%.1f,%.1f", left + width * point.x(), y(point.value())))
              .collect(Collectors.joining(" ")));
    }
  }
}
