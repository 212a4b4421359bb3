import 'dart:convert';

import 'exceptions.dart';
import 'transport.dart';

/// The JSON object of an answer, or null if it has no body. Throws [Unintelligible] for everything else.
Map<String, Object?>? readObject(Answer answer) {
  if (answer.body.isEmpty) return null;
  try {
    if (jsonDecode(answer.body) case final Map<String, Object?> object) return object;
  } on FormatException {
    // It is no JSON.
  }
  throw unintelligible(answer);
}

Unintelligible unintelligible(Answer answer) => Unintelligible(answer.status, retryAfter: answer.retryAfter);

/// The refusal of an answer, or null if it is none of Latchkey's.
Map<String, Object?>? problemOf(Answer answer) {
  if (answer.isOk) return null;
  try {
    return switch (jsonDecode(answer.body)) {
      {'code': String _, 'request_id': Object? _} && final Map<String, Object?> problem => problem,
      _ => null,
    };
  } on FormatException {
    return null;
  }
}

/// What an answer throws that is no success.
LatchkeyException refusalOf(String operation, Answer answer) => switch (problemOf(answer)) {
      final problem? => Refusal(operation, problem, retryAfter: answer.retryAfter),
      null => unintelligible(answer),
    };

bool isTokenResponse(Map<String, Object?>? answer) => switch (answer) {
      {
        'user': {'id': String _},
        'session': {'id': String _, 'expires_at': String _},
        'access_token': String _,
        'refresh_token': String _,
        'expires_in': num _,
      } =>
        true,
      _ => false,
    };
