/// Sign-up, sign-in and sessions of a Latchkey deployment. It needs no platform: storage and transport are handed in.
library;

export 'src/clock.dart' show Clock, DeviceClock;
export 'src/exceptions.dart';
export 'src/generated/models.dart';
export 'src/generated/operations.dart';
export 'src/latchkey.dart' show Latchkey;
export 'src/proving.dart' show AskProof, NeededProof, Proof;
export 'src/session.dart';
export 'src/storage.dart';
export 'src/transport.dart';
