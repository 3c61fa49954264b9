using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Runner.Engine.Storage.Backups;

/// <summary>
/// Puts a backup into a data folder that nobody uses. All of it is unpacked beside, checked and opened before anything is changed; what was there is moved into a folder of
/// its own and not removed.
/// </summary>
public static class BackupRestore
{
    /// <summary>Restores.</summary>
    /// <param name="replace">Whether a folder that holds data may be restored into.</param>
    /// <param name="overwriteShared">Whether the backup takes the place of what replicas share, where there are some. Else a replica that starts on the folder goes on only where they share the very
    /// state of the backup, or none.</param>
    /// <returns>What was restored, and where what was there before is now; null when the folder was empty.</returns>
    /// <exception cref="DataFolderInUseException">A process uses the folder.</exception>
    /// <exception cref="BackupException">The file is no whole backup, or of a newer format, or the folder holds data and may not be replaced. Nothing was changed.</exception>
    /// <exception cref="IOException">The disk refused. Either nothing was changed, or the program refuses to start on the folder until the restore was run again.</exception>
    public static async Task<(BackupManifest Manifest, string? Before)> RunAsync(string file, string folder, bool replace, TimeProvider time, CancellationToken cancellationToken, bool overwriteShared = false)
    {
        Directory.CreateDirectory(folder);
        await using var lockFile = DataFolder.Lock(folder);
        var mark = Path.Combine(folder, DataFolder.RestoreMark);
        if (!replace && (File.Exists(mark) || DataFolder.Entries(folder).Count > 0))
        {
            throw new BackupException($"The data folder '{Path.GetFullPath(folder)}' holds data. Nothing was changed. Restore into an empty folder, or say --replace: what is there is then moved aside, not removed.");
        }

        DataFolder.RemoveLeftovers(folder);
        var staging = Path.Combine(folder, $"restore-{Guid.NewGuid():N}{DataFolder.Unfinished}");
        try
        {
            var manifest = await UnpackAsync(file, staging, cancellationToken).ConfigureAwait(false);
            TryOpen(file, staging, new RestoredState(manifest.CreatedAt, overwriteShared, SharedState.NewId()));
            var before = PutInPlace(folder, staging, mark, time);
            return (manifest, before);
        }
        finally
        {
            if (Directory.Exists(staging))
            {
                Directory.Delete(staging, recursive: true);
            }
        }
    }

    private static async Task<BackupManifest> UnpackAsync(string file, string staging, CancellationToken cancellationToken)
    {
        try
        {
            var zip = await ZipFile.OpenReadAsync(file, cancellationToken).ConfigureAwait(false);
            await using var closing = zip.ConfigureAwait(false);
            var manifest = await ReadManifestAsync(file, zip, cancellationToken).ConfigureAwait(false);
            foreach (var kept in manifest.Files)
            {
                var path = Path.GetFullPath(Path.Combine(staging, kept.Path));
                if (!path.StartsWith(Path.GetFullPath(staging) + Path.DirectorySeparatorChar, StringComparison.Ordinal) || zip.GetEntry(BackupManifest.DataEntries + kept.Path) is not { } entry)
                {
                    throw new BackupException($"'{file}' is no whole backup: {kept.Path} is not in it. Nothing was changed.");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await UnpackAsync(file, entry, kept, path, cancellationToken).ConfigureAwait(false);
            }

            return manifest;
        }
        catch (InvalidDataException exception)
        {
            throw new BackupException($"'{file}' is no whole backup: {exception.Message} Nothing was changed.", exception);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackupException($"There is no file '{file}'. Nothing was changed.", exception);
        }
    }

    private static async Task<BackupManifest> ReadManifestAsync(string file, ZipArchive zip, CancellationToken cancellationToken)
    {
        if (zip.GetEntry(BackupManifest.EntryName) is not { } entry)
        {
            throw new BackupException($"'{file}' is no whole backup: it has no {BackupManifest.EntryName}. Nothing was changed.");
        }

        BackupManifest? manifest;
        var stream = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        try
        {
            manifest = await JsonSerializer.DeserializeAsync<BackupManifest>(stream, BackupManifest.Json, cancellationToken).ConfigureAwait(false);
        }
        catch (JsonException exception)
        {
            throw new BackupException($"'{file}' is no whole backup: its {BackupManifest.EntryName} cannot be read. Nothing was changed.", exception);
        }

        return manifest switch
        {
            null or { Files: null } => throw new BackupException($"'{file}' is no whole backup: its {BackupManifest.EntryName} is empty. Nothing was changed."),
            { Format: > DataFormat.Current } => throw new BackupException(
                $"'{file}' was made by a newer version of this program ({manifest.Program}, format {manifest.Format}; this one knows up to {DataFormat.Current}). Nothing was changed. Restore it with that version."),
            _ when !manifest.Files.Any(kept => kept?.Path == DatabaseFileNames.Main.Data) => throw new BackupException($"'{file}' is no whole backup: it has no {DatabaseFileNames.Main.Data}. Nothing was changed."),
            _ when !manifest.Files.All(IsOfBackup) =>
                throw new BackupException($"'{file}' is no whole backup: its {BackupManifest.EntryName} names '{manifest.Files.First(kept => !IsOfBackup(kept))?.Path}', which no backup holds. Nothing was changed."),
            _ => manifest,
        };
    }

    // What the folder has for itself, such as its lock, must not be put in place of it. The collector's lock is in backups of earlier versions. Whatever the JSON says may be null.
    private static bool IsOfBackup(BackupFile? kept) => kept is { Path.Length: > 0, Sha256: not null }
        && (kept.Path is $"{DataFolder.Collector}/{DataFolder.CollectorLock}" || kept.Path == DatabaseFileNames.Main.Data || DataFolder.IsKept(kept.Path.Replace('/', Path.DirectorySeparatorChar)));

    private static async Task UnpackAsync(string file, ZipArchiveEntry entry, BackupFile kept, string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        var source = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = source.ConfigureAwait(false);
        await using (var target = DataFolder.CreatePrivate(path))
        {
            var buffer = new byte[128 * 1024];

            // No more than the manifest promises: a zip may unpack to far more than its size.
            for (int read; bytes <= kept.Bytes && (read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; bytes += read)
            {
                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }

            target.Flush(flushToDisk: true);
        }

        if (bytes != kept.Bytes || Convert.ToHexStringLower(hash.GetHashAndReset()) != kept.Sha256)
        {
            throw new BackupException($"'{file}' is damaged: {kept.Path} is not what was backed up. Nothing was changed.");
        }
    }

    /// <summary>Reads every document of what was unpacked, and notes in it where it comes from.</summary>
    private static void TryOpen(string file, string staging, RestoredState restored)
    {
        try
        {
            using var engine = DatabaseEngine.Open(staging, DatabaseMapping.Create());
            StateReplica.MarkRestored(engine.Database, restored);
            engine.Settle();
        }
        catch (DatabaseDamagedException exception)
        {
            throw new BackupException($"'{file}' is damaged: its database cannot be opened. Nothing was changed.", exception);
        }
    }

    private static string? PutInPlace(string folder, string staging, string mark, TimeProvider time)
    {
        File.WriteAllText(mark, "A restore began and did not come to its end.\n");
        FolderSync.ToDisk(folder);
        string? aside = null;
        foreach (var name in DataFolder.Entries(folder))
        {
            aside ??= Directory.CreateDirectory(Path.Combine(folder, DataFolder.BeforeRestore + time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture))).FullName;
            Directory.Move(Path.Combine(folder, name), Path.Combine(aside, name));
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(staging).ToList())
        {
            Directory.Move(path, Path.Combine(folder, Path.GetFileName(path)));
        }

        FolderSync.ToDisk(folder);
        File.Delete(mark);
        FolderSync.ToDisk(folder);
        return aside;
    }
}
