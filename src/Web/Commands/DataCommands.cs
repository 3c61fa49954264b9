using System.CommandLine;
using Runner.Engine.Storage;
using Runner.Engine.Storage.Backups;
using Runner.Web.Hosting;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Commands;

/// <summary>The commands for the data folder: <c>backup FILE</c>, <c>restore FILE</c>.</summary>
internal static class DataCommands
{
    private const string FolderVariable = "RUNNER_DATA_DIR";

    public static Command Backup()
    {
        var (file, folder, access) = (new Argument<string>("FILE") { Description = "The zip to write. It holds everything, password hashes and keys included." }, Folder(), new AccessOptions());
        var command = new Command(
            "backup",
            "Back up the data folder: directly where no runner uses it, else from the running one with a token of the scope backup.read. Exit code 0: done; 2: it could not be made.") { file, folder };
        access.AddTo(command);
        command.SetAction((parsed, cancellation) => GuardedAsync(CommandStreams.Of(parsed), () => BackupAsync(
            parsed.GetRequiredValue(file), parsed.GetValue(folder)!, access.IsNamed(parsed), access.Read(parsed), CommandStreams.Of(parsed), cancellation)));
        return command;
    }

    public static Command Restore()
    {
        var (file, folder) = (new Argument<string>("FILE") { Description = "A zip of 'backup'." }, Folder());
        var replace = new Option<bool>("--replace") { Description = "Restore into a folder that holds data; what is there is moved into a folder before-restore-… in it." };
        var overwrite = new Option<bool>("--overwrite-shared-state") { Description = "Where replicas share their state: the backup becomes the state of all of them, and what they did since is lost. Without it a replica that starts on the folder waits until somebody has decided." };
        var command = new Command("restore", "Put a backup into a data folder that no runner uses. Exit code 0: done; 2: refused, and nothing was changed.") { file, folder, replace, overwrite };
        command.SetAction((parsed, cancellation) => GuardedAsync(CommandStreams.Of(parsed), () => RestoreAsync(
            parsed.GetRequiredValue(file), parsed.GetValue(folder)!, parsed.GetValue(replace), parsed.GetValue(overwrite), CommandStreams.Of(parsed), cancellation)));
        return command;
    }

    private static async Task BackupAsync(string file, string folder, bool fromRunning, RunnerAccess access, CommandStreams streams, CancellationToken cancellationToken)
    {
        // Under another name until it is whole: half a backup must not look like one.
        var unfinished = file + ".unfinished";
        try
        {
            long bytes;
            await using (var output = SecretFile.Create(unfinished))
            {
                bytes = fromRunning || !await TryOfflineAsync(folder, access, output, cancellationToken)
                    ? await RunnerClient.BackupAsync(access, output, cancellationToken)
                    : output.Length;
                output.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: true);
            await streams.Error.WriteLineAsync($"{file}: {bytes} bytes");
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <returns>False when a runner uses the folder, or when it is elsewhere and there is a right to ask it.</returns>
    private static async Task<bool> TryOfflineAsync(string folder, RunnerAccess access, Stream output, CancellationToken cancellationToken)
    {
        try
        {
            await BackupWriter.WriteAsync(folder, TimeProvider.System, output, cancellationToken);
            return true;
        }
        catch (DataFolderInUseException exception) when (access.Token.Length + access.ClientId.Length == 0)
        {
            throw new RunnerClientException(
                $"The data folder '{System.IO.Path.GetFullPath(folder)}' is in use by a runner, which makes backups for a token only. Set {AccessOptions.TokenVariable}, or {AccessOptions.ClientVariable} and "
                + $"{AccessOptions.SecretVariable} of a client that may have the scope {ApiScopes.BackupRead}, or stop that runner.",
                exception);
        }
        catch (Exception exception) when (exception is DataFolderInUseException || (exception is BackupException && access.Token.Length + access.ClientId.Length > 0))
        {
            return false;
        }
    }

    private static async Task RestoreAsync(string file, string folder, bool replace, bool overwrite, CommandStreams streams, CancellationToken cancellationToken)
    {
        var (manifest, before) = await BackupRestore.RunAsync(file, folder, replace, TimeProvider.System, cancellationToken, overwrite);
        await streams.Error.WriteLineAsync($"Restored {manifest.Files.Count} files of {manifest.CreatedAt:u} into {System.IO.Path.GetFullPath(folder)}.{(before is null ? "" : $" What was there is in {before}.")}");
    }

    private static Option<string> Folder() => new("--data")
    {
        Description = $"The data folder; {FolderVariable} where none is given, else 'data'.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named ? named : "data",
    };

    private static async Task<int> GuardedAsync(CommandStreams streams, Func<Task> command)
    {
        try
        {
            await command();
            return 0;
        }
        catch (Exception exception) when (exception is BackupException or DataFormatException or DatabaseDamagedException or DataFolderInUseException or IOException or UnauthorizedAccessException or RunnerClientException)
        {
            await streams.Error.WriteLineAsync(exception.Message);
            return CommandLine.Refused;
        }
    }
}
