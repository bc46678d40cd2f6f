package io.github.gpt2server.template;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Python's {@code strftime}, in English. */
final class DateFormat {
  private static final int MAX_CHARACTERS = 1000;

  private static final Map<Character, DateTimeFormatter> PARTS =
      Map.ofEntries(
          part('Y', "yyyy"),
          part('y', "yy"),
          part('m', "MM"),
          part('d', "dd"),
          part('H', "HH"),
          part('I', "hh"),
          part('M', "mm"),
          part('S', "ss"),
          part('p', "a"),
          part('j', "DDD"),
          part('a', "EEE"),
          part('A', "EEEE"),
          part('b', "MMM"),
          part('B', "MMMM"),
          part('F', "yyyy-MM-dd"),
          part('T', "HH:mm:ss"));

  private DateFormat() {}

  static String format(String format, LocalDateTime time) {
    if (format.length() > MAX_CHARACTERS) {
      throw new TemplateException("the format of a date is too long");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      char part = format.charAt(++i);
      if (part == '%') {
        text.append('%');
      } else if (PARTS.containsKey(part)) {
        text.append(PARTS.get(part).format(time));
      } else {
        throw new TemplateException("strftime_now does not know %" + part);
      }
    }
    return text.toString();
  }

  private static Map.Entry<Character, DateTimeFormatter> part(char name, String pattern) {
    return Map.entry(name, DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
  }
}
