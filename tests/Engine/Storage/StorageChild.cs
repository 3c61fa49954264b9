using System.Diagnostics;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Storage;

/// <summary>A process of its own that writes without end, and notes in a file which writes were acknowledged. It is this test assembly, whose <see cref="Program"/> runs <see cref="StorageChildProcess"/> instead of tests.</summary>
internal sealed class StorageChild : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _acknowledgements;

    private StorageChild(Process process, string acknowledgements)
    {
        _process = process;
        _acknowledgements = acknowledgements;
    }

    public int Id => _process.Id;

    public static Task<StorageChild> StartAsync(TemporaryFolder folder, CancellationToken cancellationToken, int? fileSizeLimitBlocks = null, bool compacts = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var acknowledgements = folder.File($"acknowledged-{Guid.NewGuid():N}.txt");
        var test = $"exec '{Environment.ProcessPath}' '{typeof(StorageChild).Assembly.Location}'";
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) != "dotnet")
        {
            test = test.Replace($" '{typeof(StorageChild).Assembly.Location}'", "", StringComparison.Ordinal);
        }

        // A file size limit stands for the full disk; the signal that comes with it is ignored, so that the write fails instead. The runtime's
        // code memory is a file as well, unless told otherwise.
        var limit = fileSizeLimitBlocks is { } blocks ? $"export DOTNET_EnableWriteXorExecute=0; ulimit -S -f {blocks}; trap '' XFSZ; " : "";
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(limit + test);
        start.Environment[StorageChildProcess.FolderVariable] = folder.Path;
        start.Environment[StorageChildProcess.AcknowledgementsVariable] = acknowledgements;
        start.Environment[StorageChildProcess.CompactsVariable] = compacts ? "1" : "";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return Task.FromResult(new StorageChild(process, acknowledgements));
    }

    /// <summary>What was acknowledged so far: numbers of writes, and lines that begin with <c>failed</c>.</summary>
    public IReadOnlyList<string> Acknowledged()
    {
        if (!File.Exists(_acknowledgements))
        {
            return [];
        }

        using var file = new FileStream(_acknowledgements, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public Task EndedAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}

/// <summary>The child's whole life.</summary>
internal static class StorageChildProcess
{
    internal const string FolderVariable = "RUNNER_TEST_STORAGE_FOLDER";
    internal const string CompactsVariable = "RUNNER_TEST_STORAGE_COMPACTS";
    internal const string AcknowledgementsVariable = "RUNNER_TEST_STORAGE_ACKNOWLEDGEMENTS";

    /// <summary>True in a process that was started as a child.</summary>
    public static bool IsWanted => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 };

    /// <summary>Returns never, unless it fails.</summary>
    public static async Task WriteUntilKilledAsync()
    {
        await using var database = Database.Open(Environment.GetEnvironmentVariable(FolderVariable)!);
        await using var acknowledgements = new FileStream(
            Environment.GetEnvironmentVariable(AcknowledgementsVariable)!, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var acknowledge = new Lock();
        var compacting = Environment.GetEnvironmentVariable(CompactsVariable) == "1" ? Task.Run(() => CompactForeverAsync(database)) : Task.CompletedTask;
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), async (writer, token) =>
        {
            for (var i = 0; ; i++)
            {
                var id = $"{Environment.ProcessId}-{writer}-{i}";
                string line;
                try
                {
                    await database.WriteAsync(
                        db => db.GetCollection("acknowledged").Insert(new LiteDB.BsonDocument { ["_id"] = id, ["padding"] = new string('p', i * 37 % 3000) }), token);
                    line = id;
                }
                catch (IOException exception)
                {
                    line = $"failed {exception.Message}";
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, token);
                }

                lock (acknowledge)
                {
                    acknowledgements.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
                }
            }
        });
    }

    /// <summary>One compaction after the other, with some room to give back each time.</summary>
    private static async Task CompactForeverAsync(Database database)
    {
        while (true)
        {
            await database.WriteAsync(db => db.GetCollection("junk").Insert(Enumerable.Range(0, 20).Select(_ => new LiteDB.BsonDocument { ["padding"] = new string('j', 3000) })), CancellationToken.None);
            await database.WriteAsync(db => db.GetCollection("junk").DeleteAll(), CancellationToken.None);
            await database.CompactAsync(CancellationToken.None);
        }
    }
}
