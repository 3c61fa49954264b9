namespace Runner.Engine.Storage;

/// <summary>The data folder as a whole: whose it is, and which of its files are what.</summary>
internal static class DataFolder
{
    /// <summary>Held open by the process that uses the folder.</summary>
    public const string LockFile = "runner.lock";

    /// <summary>What the log collector keeps: how far the logs were delivered.</summary>
    public const string Collector = "logcollector";

    /// <summary>Held open by the process that collects logs, in <see cref="Collector"/>.</summary>
    public const string CollectorLock = "lock";

    /// <summary>There while a restore puts files in place.</summary>
    public const string RestoreMark = "restore-unfinished";

    /// <summary>Begins the name of folders into which a restore moves what was there before.</summary>
    public const string BeforeRestore = "before-restore-";

    /// <summary>Begins the name of folders with a copy in an older format.</summary>
    public const string OlderFormat = "format-";

    /// <summary>Ends the name of what is being made and is of no use to anybody else.</summary>
    public const string Unfinished = ".unfinished";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Takes the folder for this process until disposed.</summary>
    /// <exception cref="DataFolderInUseException">Another process has it.</exception>
    public static FileStream Lock(string folder)
    {
        try
        {
            return HoldPrivate(Path.Combine(folder, LockFile));
        }
        catch (IOException exception)
        {
            throw new DataFolderInUseException(
                $"The data folder '{Path.GetFullPath(folder)}' is in use by another runner. Stop that one, or give this one a folder of its own with RUNNER_DATA_DIR.", exception);
        }
    }

    /// <exception cref="DataFormatException">A restore was interrupted.</exception>
    public static void RefuseHalfRestored(string folder)
    {
        if (File.Exists(Path.Combine(folder, RestoreMark)))
        {
            throw new DataFormatException(
                $"A restore into the data folder '{Path.GetFullPath(folder)}' did not come to its end. Run it again ('restore FILE --replace'); what was there before is in a folder {BeforeRestore}… in it.");
        }
    }

    /// <summary>Removes what a process that died was making.</summary>
    public static void RemoveLeftovers(string folder)
    {
        CompactCopy.Discard(folder);
        foreach (var file in Directory.EnumerateFiles(folder, "*" + Unfinished).ToList())
        {
            File.Delete(file);
        }

        foreach (var directory in Directory.EnumerateDirectories(folder, "*" + Unfinished).ToList())
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Files beside the database that belong into a backup, relative to the folder.</summary>
    public static IReadOnlyList<string> Files(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path)).Where(IsKept).Order(StringComparer.Ordinal),
    ];

    /// <summary>What a restore moves aside: everything but the lock and what earlier restores moved there.</summary>
    public static IReadOnlyList<string> Entries(string folder) =>
    [
        .. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)!)
            .Where(name => name != LockFile && name != RestoreMark && !name.StartsWith(BeforeRestore, StringComparison.Ordinal) && !name.EndsWith(Unfinished, StringComparison.Ordinal)),
    ];

    /// <summary>Holds a file, made where it is not there, until disposed. Private like everything beside it: whoever may open it could hold it.</summary>
    /// <exception cref="IOException">Somebody else holds it.</exception>
    public static FileStream HoldPrivate(string path) =>
        new(path, Private(new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None }));

    /// <summary>Makes a file that only its owner may read.</summary>
    public static FileStream CreatePrivate(string path) =>
        new(path, Private(new() { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous }));

    private static FileStreamOptions Private(FileStreamOptions options)
    {
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    /// <summary>Whether a file beside the database, relative to the folder, belongs into a backup.</summary>
    public static bool IsKept(string path)
    {
        var first = path.Split(Path.DirectorySeparatorChar)[0];
        return first is not (LockFile or RestoreMark) && path != Path.Combine(Collector, CollectorLock)
            && first != DatabaseFileNames.Main.Data && first != DatabaseFileNames.Main.Log && first != DatabaseFileNames.Compact.Data && first != DatabaseFileNames.Compact.Log
            && !first.StartsWith(BeforeRestore, StringComparison.Ordinal) && !first.StartsWith(OlderFormat, StringComparison.Ordinal)
            && !first.EndsWith(Unfinished, StringComparison.Ordinal) && !path.EndsWith(".tmp", StringComparison.Ordinal);
    }
}
