/// Sends requests. `latchkey_io.dart` has one for every platform with `dart:io`; a web app writes its own.
abstract interface class Transport {
  /// The answer, whatever its status. Redirects must not be followed: they would take the tokens elsewhere.
  ///
  /// Throws when no whole answer has come within [timeout].
  Future<Answer> send(Request request, Duration timeout);
}

final class Request {
  const Request(this.method, this.url, {this.headers = const {}, this.body});

  final String method;
  final Uri url;
  final Map<String, String> headers;

  /// The text, which is sent in UTF-8.
  final String? body;

  Request withHeaders(Map<String, String> more) =>
      Request(method, url, headers: {...headers, ...more}, body: body);
}

final class Answer {
  const Answer(this.status, this.headers, this.body);

  final int status;

  /// By name, in lower case.
  final Map<String, String> headers;
  final String body;

  bool get isOk => status >= 200 && status < 300;

  /// When to try again, if the answer says so.
  Duration? get retryAfter => switch (int.tryParse(headers['retry-after'] ?? '')) {
        final int seconds when seconds > 0 => Duration(seconds: seconds),
        _ => null,
      };
}
