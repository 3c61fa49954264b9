using System.IO.Compression;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;

namespace Runner.Engine.Logs.Kept;

/// <summary>
/// Last logs of containers in files below <c>logs</c> in the data folder, compressed. The files are the truth: what one is of is in its path, when it was
/// kept in its time. Of one container of one pod name the newest is kept.
/// </summary>
internal sealed class KeptLogStore : IPrunable
{
    /// <summary>Most files, whatever their size.</summary>
    private const int MaxFiles = 20_000;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Lazy<Dictionary<string, KeptLog>> _logs;

    public KeptLogStore(string dataDirectory, RetentionOptions retention, TimeProvider time)
    {
        _folder = Path.Combine(Path.GetFullPath(dataDirectory), "logs");
        _maxBytes = retention.LogsMegabytes * 1024L * 1024;
        _time = time;
        KeptFor = retention.Logs;
        _logs = new(Load);
    }

    public string What => "last logs of containers";

    public TimeSpan KeptFor { get; }

    /// <summary>Size on the disk of all of them.</summary>
    public long TotalBytes
    {
        get
        {
            lock (_lock)
            {
                return _logs.Value.Values.Sum(log => log.Bytes);
            }
        }
    }

    /// <summary>Logs that a condition holds for, the newest first.</summary>
    public IReadOnlyList<KeptLog> Where(Func<KeptLog, bool> condition)
    {
        lock (_lock)
        {
            return [.. _logs.Value.Values.Where(condition).OrderByDescending(log => log.KeptAt)];
        }
    }

    /// <summary>Keeps a log in place of what was kept of that container before. Afterwards the oldest go until all are within their bounds.</summary>
    /// <param name="log">Time and size are set here.</param>
    /// <exception cref="IOException">The disk refused; what was kept before is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Keep(KeptLog log, LastLines lines)
    {
        var path = Path.Combine(_folder, log.RelativePath);
        var temporary = path + ".tmp";
        try
        {
            using (var file = Create(temporary))
            using (var compressed = new GZipStream(file, CompressionLevel.Fastest))
            {
                lines.WriteTo(compressed);
            }

            var now = _time.GetUtcNow();
            File.SetLastWriteTimeUtc(temporary, now.UtcDateTime);
            Take(log with { KeptAt = now, Bytes = new FileInfo(temporary).Length }, temporary, path);
        }
        catch
        {
            // Nobody else would before the next start, and most likely the disk is full.
            Discard(temporary);
            throw;
        }
    }

    /// <summary>The lines of a log with their times; null when it was removed meanwhile.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public Stream? Open(KeptLog log)
    {
        try
        {
            return new GZipStream(new FileStream(Path.Combine(_folder, log.RelativePath), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete), CompressionMode.Decompress);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            lock (_lock)
            {
                var old = _logs.Value.Values.Where(log => log.KeptAt < before).ToList();
                old.ForEach(Remove);
                return old.Count;
            }
        },
        cancellationToken);

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What went wrong before is what is told.
        }
    }

    private static bool IsSameContainer(KeptLog one, KeptLog other) =>
        one.Pod == other.Pod && one.Container == other.Container && one.Namespace == other.Namespace && one.Cluster == other.Cluster;

    private FileStream Create(string temporary)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            // Programs print what they should not.
            options.UnixCreateMode = OwnerOnly;
        }

        lock (_lock)
        {
            // Nobody removes the folder as empty before the file is in it, nor takes the file for the leavings of an earlier process.
            _ = _logs.Value;
            Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
            return new FileStream(temporary, options);
        }
    }

    private void Take(KeptLog kept, string temporary, string path)
    {
        lock (_lock)
        {
            File.Move(temporary, path, overwrite: true);
            var logs = _logs.Value;
            logs[kept.RelativePath] = kept;
            foreach (var earlier in logs.Values.Where(other => IsSameContainer(other, kept) && other.RelativePath != kept.RelativePath).ToList())
            {
                Remove(earlier);
            }

            Shrink();
        }
    }

    private Dictionary<string, KeptLog> Load()
    {
        var logs = new Dictionary<string, KeptLog>();
        if (!Directory.Exists(_folder))
        {
            return logs;
        }

        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (KeptLog.Read(Path.GetRelativePath(_folder, file.FullName), new DateTimeOffset(file.LastWriteTimeUtc), file.Length) is { } log)
            {
                logs[log.RelativePath] = log;
            }
            else if (file.Extension == ".tmp")
            {
                // The process ended while it was written.
                file.Delete();
            }
        }

        return logs;
    }

    private void Shrink()
    {
        var logs = _logs.Value;
        var total = logs.Values.Sum(log => log.Bytes);
        if (total <= _maxBytes && logs.Count <= MaxFiles)
        {
            return;
        }

        foreach (var log in logs.Values.OrderBy(log => log.KeptAt).ToList())
        {
            if (total <= _maxBytes && logs.Count <= MaxFiles)
            {
                return;
            }

            Remove(log);
            total -= log.Bytes;
        }
    }

    /// <summary>Removes a file, and the folders above it that are empty then.</summary>
    private void Remove(KeptLog log)
    {
        var path = Path.Combine(_folder, log.RelativePath);
        if (Directory.Exists(Path.GetDirectoryName(path)))
        {
            File.Delete(path);
        }

        _logs.Value.Remove(log.RelativePath);
        for (var folder = Directory.GetParent(path); folder is { Exists: true } && folder.FullName != _folder && !folder.EnumerateFileSystemInfos().Any(); folder = folder.Parent)
        {
            folder.Delete();
        }
    }
}
