import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'transport.dart';

/// Sends requests with the platform's own HTTP client.
final class IoTransport implements Transport {
  IoTransport([HttpClient? client]) : _client = client ?? HttpClient();

  final HttpClient _client;

  @override
  Future<Answer> send(Request request, Duration timeout) async {
    HttpClientRequest? opened;
    try {
      return await _exchange(request, (it) => opened = it).timeout(timeout);
    } on TimeoutException {
      opened?.abort();
      rethrow;
    }
  }

  Future<Answer> _exchange(Request request, void Function(HttpClientRequest) onOpen) async {
    final sent = await _client.openUrl(request.method, request.url);
    onOpen(sent);
    sent.followRedirects = false;
    request.headers.forEach(sent.headers.set);
    // As bytes: `write` would take the text for Latin-1.
    final body = utf8.encode(request.body ?? '');
    sent.contentLength = body.length;
    sent.add(body);

    final answer = await sent.close();
    final headers = <String, String>{};
    answer.headers.forEach((name, values) => headers[name.toLowerCase()] = values.join(', '));
    return Answer(answer.statusCode, headers, await answer.transform(utf8.decoder).join());
  }

  /// Closes the connections that are not in use. Call it when the app ends.
  void close() => _client.close();
}
