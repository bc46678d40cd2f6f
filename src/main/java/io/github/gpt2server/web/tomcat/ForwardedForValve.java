package io.github.gpt2server.web.tomcat;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.tomcat.util.http.MimeHeaders;

/**
 * Leaves of {@code X-Forwarded-For} the addresses at its right end, without the ports that some
 * proxies write behind them, up to the first entry that is none. Tomcat would look a name up, and
 * take an address with the port of each connection for another client every time.
 */
public final class ForwardedForValve extends ValveBase {
  private static final String HEADER = "X-Forwarded-For";
  private static final String OCTET = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
  private static final String V4 = OCTET + "(?:\\." + OCTET + "){3}";
  private static final String V6 = "[0-9a-fA-F:]*:[0-9a-fA-F:]*(?::" + V4 + ")?";
  private static final Pattern ENTRY =
      Pattern.compile("(?:(%s)(?::\\d+)?|\\[(%s)\\](?::\\d+)?|(%s))".formatted(V4, V6, V6));

  public ForwardedForValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    MimeHeaders headers = request.getCoyoteRequest().getMimeHeaders();
    if (headers.getHeader(HEADER) != null) {
      String addresses = addresses(String.join(",", Collections.list(request.getHeaders(HEADER))));
      if (addresses.isEmpty()) {
        headers.removeHeader(HEADER);
      } else {
        headers.setValue(HEADER).setString(addresses);
      }
    }
    getNext().invoke(request, response);
  }

  /** The addresses at the right end of a list. */
  static String addresses(String list) {
    String[] entries = list.split(",", -1);
    Deque<String> addresses = new ArrayDeque<>();
    for (int i = entries.length - 1; i >= 0; i--) {
      Matcher entry = ENTRY.matcher(entries[i].strip());
      if (!entry.matches()) {
        break;
      }
      for (int form = 1; form <= entry.groupCount(); form++) {
        if (entry.group(form) != null) {
          addresses.addFirst(entry.group(form));
        }
      }
    }
    return String.join(", ", addresses);
  }
}
