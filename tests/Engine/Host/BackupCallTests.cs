using System.Net;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Engine.Storage.Backups;
using Runner.Tests.Engine.Identity;
using Runner.Web.Commands;
using Runner.Web.ConsoleApi;
using Runner.Web.Hosting;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Host;

/// <summary>Backup and restore as an administrator does them: the page's download and the commands, on the running program.</summary>
public sealed class BackupCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_of_the_running_program_restored_elsewhere_lets_the_same_people_in_and_is_audited()
    {
        using var folder = new TemporaryFolder();

        // Collecting logs too, which holds a file of the folder.
        await using var host = await RunnerHost.StartAsync(options => options with { LogCollector = options.LogCollector with { Mode = LogCollectorMode.InProcess, LokiUrl = new("http://127.0.0.1:9") } });
        await Eventually.TrueAsync(() => File.Exists(Path.Combine(host.Get<RunnerOptions>().DataDirectory, "logcollector", "lock")), "logs are collected");
        await host.Get<UserDirectory>().CreateAsync("olga", "three odd tables", ConsoleRole.Operator, Cancel);
        using (var admin = await host.SignedInAsync())
        {
            using var answer = await admin.GetAsync(BackupCall.Path, Cancel);
            Assert.Equal((HttpStatusCode.OK, "application/zip", true), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, answer.Headers.CacheControl?.NoStore));
            await File.WriteAllBytesAsync(folder.File("page.zip"), await answer.Content.ReadAsByteArrayAsync(Cancel), Cancel);
        }

        await TokenClient.AddMachineAsync(host, "keeper", ApiScopes.BackupRead);
        var token = (await new TokenClient(host).ClientCredentialsAsync("keeper", ApiScopes.BackupRead)).GetProperty("access_token").GetString()!;
        await using (var output = File.Create(folder.File("token.zip")))
        {
            Assert.True(await RunnerClient.BackupAsync(new(host.Address, token, "", ""), output, Cancel) > 1000);
        }

        var refused = await Assert.ThrowsAsync<RunnerClientException>(() => RunnerClient.BackupAsync(new(host.Address, "x", "", ""), Stream.Null, Cancel));
        Assert.Contains(ApiScopes.BackupRead, refused.Message, StringComparison.Ordinal);
        Assert.Equal(["keeper", "admin"], host.Get<AuditLog>().Read(10).Where(entry => entry.Action == AuditActions.Backup).Select(entry => entry.Who));

        foreach (var file in new[] { "page", "token" })
        {
            await BackupRestore.RunAsync(folder.File(file + ".zip"), folder.File(file), replace: false, TimeProvider.System, Cancel);
            await using var restored = await RunnerHost.StartOnAsync(folder.File(file));
            using var olga = await restored.SignedInAsync("olga", "three odd tables");
        }
    }

    [Fact]
    public async Task The_commands_back_up_and_restore_a_folder_that_nobody_uses_and_refuse_one_in_use()
    {
        using var folder = new TemporaryFolder();
        var (data, file) = (folder.File("data"), folder.File("backup.zip"));
        await using (var database = Database.Open(data))
        {
            await database.WriteAsync(db => db.GetCollection("notes").Insert(new LiteDB.BsonDocument { ["_id"] = 1 }), Cancel);
            Assert.Equal(CommandLine.Refused, await RunAsync("restore", file, "--replace", "--data", data));
            Assert.Equal(CommandLine.Refused, await RunAsync("backup", file, "--data", data, "--url", "http://127.0.0.1:1"));

            // Without a token the one that uses it cannot be asked: that is what is said.
            using var said = new StringWriter();
            Assert.Equal(CommandLine.Refused, await DataCommands.Backup().Parse([file, "--data", data]).InvokeAsync(new() { Error = said }, Cancel));
            Assert.Contains("is in use by a runner", said.ToString(), StringComparison.Ordinal);
            Assert.Contains("RUNNER_TOKEN", said.ToString(), StringComparison.Ordinal);
            Assert.False(File.Exists(file) || File.Exists(file + ".unfinished"));
        }

        Assert.Equal(0, await RunAsync("backup", file, "--data", data));
        foreach (var one in Directory.GetFiles(data).Append(file))
        {
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(one) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), one);
        }

        Assert.Equal(CommandLine.Refused, await RunAsync("restore", file, "--data", data));
        Assert.Equal(0, await RunAsync("restore", file, "--data", data, "--replace"));
        Assert.Equal(0, await RunAsync("restore", file, "--data", folder.File("new")));
        Assert.Equal(CommandLine.Refused, await RunAsync("backup", file, "--data", folder.File("nowhere")));
        Assert.Equal(CommandLine.Refused, await RunAsync("restore", folder.File("missing.zip"), "--data", folder.File("other")));
        await using var again = Database.Open(folder.File("new"));
        Assert.Equal(1, again.Read(db => db.GetCollection("notes").Count()));
    }

    private static Task<int> RunAsync(params string[] arguments) => CommandLine.Parse(arguments).InvokeAsync(Cancel);
}
