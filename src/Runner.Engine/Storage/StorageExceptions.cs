namespace Runner.Engine.Storage;

/// <summary>Another process uses the data folder.</summary>
public sealed class DataFolderInUseException(string message, Exception inner) : InvalidOperationException(message, inner);

/// <summary>The database cannot be read as it is. The files are left as they were found.</summary>
public sealed class DatabaseDamagedException(string message, Exception? inner) : Exception(message, inner);

/// <summary>The disk refused (full, gone). What was to be written is not; everything acknowledged before is.</summary>
public sealed class DatabaseRefusedException(LocalText problem, Exception? inner = null) : IOException(problem.English, inner), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;

    /// <summary>Of a disk that did not take what was to be written.</summary>
    internal static DatabaseRefusedException Of(Exception cause) =>
        new(new($"The database could not be written: {cause.Message.TrimEnd('.')}. Make room on the disk of the data folder, then try again.", $"数据库无法写入：{cause.Message.TrimEnd('.')}。请在数据目录所在磁盘上腾出空间后重试。"), cause);
}

/// <summary>The data folder is not in a shape that this program may use. Nothing was changed.</summary>
public sealed class DataFormatException(string message) : Exception(message);

/// <summary>A backup cannot be made or put back; the message says why. Nothing was changed.</summary>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);
