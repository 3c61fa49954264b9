using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Runner.Engine.Storage.Backups;

/// <summary>
/// Writes the data folder as a zip: the database as it stood at one moment, then keys, kept logs and whatever else is there. Keys are only ever added, so that those in the
/// backup open everything the database holds.
/// </summary>
public static class BackupWriter
{
    /// <summary>Backs up a folder that is in use by this process.</summary>
    /// <param name="output">Need not be seekable.</param>
    /// <param name="begun">Called once the database was copied: from there on only the reader of <paramref name="output"/> can be in the way.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public static async Task<BackupManifest> WriteAsync(Database database, TimeProvider time, Stream output, Func<Task>? begun, CancellationToken cancellationToken)
    {
        var copy = Path.Combine(database.Folder, $"backup-{Guid.NewGuid():N}{DataFolder.Unfinished}");
        try
        {
            var (format, identity) = database.Read(db => (DataFormat.Of(db), DataFormat.IdentityOf(db)));

            // Everything acknowledged before this moment is in it; some of what came just after may be.
            var at = time.GetUtcNow();
            await database.CopyToAsync(copy, cancellationToken).ConfigureAwait(false);
            await (begun?.Invoke() ?? Task.CompletedTask).ConfigureAwait(false);
            var files = new List<BackupFile>();
            var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken).ConfigureAwait(false);
            await using var closing = zip.ConfigureAwait(false);
            await AddAsync(zip, copy, DatabaseFileNames.Main.Data, files, cancellationToken).ConfigureAwait(false);
            foreach (var path in DataFolder.Files(database.Folder))
            {
                await AddAsync(zip, Path.Combine(database.Folder, path), path.Replace(Path.DirectorySeparatorChar, '/'), files, cancellationToken).ConfigureAwait(false);
            }

            var manifest = new BackupManifest(format, typeof(BackupWriter).Assembly.GetName().Version?.ToString(3) ?? "", at, identity, files);
            var stream = await zip.CreateEntry(BackupManifest.EntryName).OpenAsync(cancellationToken).ConfigureAwait(false);
            await using var entry = stream.ConfigureAwait(false);
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(manifest, BackupManifest.Json), cancellationToken).ConfigureAwait(false);
            return manifest;
        }
        finally
        {
            File.Delete(copy);
        }
    }

    /// <summary>Backs up a folder that nobody uses.</summary>
    /// <exception cref="DataFolderInUseException">Another process has it.</exception>
    /// <exception cref="BackupException">There is no database in it.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public static async Task<BackupManifest> WriteAsync(string folder, TimeProvider time, Stream output, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(folder, DatabaseFileNames.Main.Data)))
        {
            throw new BackupException($"There is nothing to back up: '{Path.GetFullPath(folder)}' is no data folder. Name it with RUNNER_DATA_DIR.");
        }

        await using var database = Database.Open(folder, time);
        return await WriteAsync(database, time, output, begun: null, cancellationToken).ConfigureAwait(false);
    }

    private static async Task AddAsync(ZipArchive zip, string path, string name, List<BackupFile> files, CancellationToken cancellationToken)
    {
        FileStream source;
        try
        {
            source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // Kept logs go by themselves.
            return;
        }

        await using var closing = source.ConfigureAwait(false);
        var entry = zip.CreateEntry(BackupManifest.DataEntries + name, CompressionLevel.Fastest);
        var target = await entry.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closingEntry = target.ConfigureAwait(false);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        var bytes = 0L;
        for (int read; (read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; bytes += read)
        {
            hash.AppendData(buffer, 0, read);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }

        files.Add(new(name, bytes, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }
}
