/// The transport of every platform that has `dart:io`: Android, iOS, desktops and servers.
library;

export 'src/io_transport.dart';
