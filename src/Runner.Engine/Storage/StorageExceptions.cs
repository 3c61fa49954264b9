namespace Runner.Engine.Storage;

/// <summary>Another process uses the data folder.</summary>
public sealed class DataFolderInUseException(string message, Exception inner) : InvalidOperationException(message, inner);

/// <summary>The database cannot be read as it is. The files are left as they were found.</summary>
public sealed class DatabaseDamagedException(string message, Exception? inner) : Exception(message, inner);
