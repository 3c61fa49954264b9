namespace Runner.Engine.Storage;

/// <summary>Another process uses the data folder.</summary>
public sealed class DataFolderInUseException(string message, Exception inner) : InvalidOperationException(message, inner);

/// <summary>The database cannot be read as it is. The files are left as they were found.</summary>
public sealed class DatabaseDamagedException(string message, Exception? inner) : Exception(message, inner);

/// <summary>The disk refused (full, gone). What was to be written is not; everything acknowledged before is.</summary>
public sealed class DatabaseRefusedException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The data folder is not in a shape that this program may use. Nothing was changed.</summary>
public sealed class DataFormatException(string message) : Exception(message);

/// <summary>A backup cannot be made or put back; the message says why. Nothing was changed.</summary>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);
