using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Runner.Tests.Support;

/// <summary>A real registry or object store, as a process of its own on a free loopback port.</summary>
internal sealed class OutsideServer : IAsyncDisposable
{
    public const string User = "builder";
    public const string Password = "the-right-password";
    public const string Region = "cn-north-1";

    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    private OutsideServer()
    {
    }

    public int Port { get; } = LoopbackPort.Next();

    public string Folder => _folder.Path;

    /// <summary>Debian's <c>docker-registry</c>.</summary>
    public static async Task<OutsideServer> RegistryAsync(bool password = false, bool tls = false)
    {
        var server = new OutsideServer();
        var auth = "";
        if (password)
        {
            await RunAsync("htpasswd", "-Bbc", server._folder.File("htpasswd"), User, Password);
            auth = $"auth:\n  htpasswd:\n    realm: test\n    path: {server._folder.File("htpasswd")}\n";
        }

        var certificate = "";
        if (tls)
        {
            await RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", server._folder.File("key.pem"), "-out", server._folder.File("cert.pem"));
            certificate = $"  tls:\n    certificate: {server._folder.File("cert.pem")}\n    key: {server._folder.File("key.pem")}\n";
        }

        var configuration = $"version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {server._folder.File("data")}\nhttp:\n  addr: 127.0.0.1:{server.Port}\n{certificate}{auth}";
        await File.WriteAllTextAsync(server._folder.File("config.yml"), configuration, TestContext.Current.CancellationToken);
        await server.StartAsync("docker-registry", "serve", server._folder.File("config.yml"));
        return server;
    }

    /// <summary>The S3 API of OpenStack Swift, with one bucket in the region <see cref="Region"/>; who is let in is said in <c>object-store.py</c>.</summary>
    /// <param name="ahead">By how much the server's clock is ahead.</param>
    public static async Task<OutsideServer> ObjectStoreAsync(string bucket, TimeSpan ahead = default)
    {
        var server = new OutsideServer();
        var script = Path.Combine(Repository.Root, "tests", "Support", "object-store.py");

        // Debian's own interpreter, which has Debian's packages.
        await server.StartAsync("/usr/bin/python3", script, server._folder.Path, $"{server.Port}", bucket, ahead.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _folder.Dispose();
    }

    private async Task StartAsync(string program, params string[] arguments)
    {
        _process = Process.Start(new ProcessStartInfo(program, arguments))!;
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.False(_process.HasExited, $"{program} ended.");
                try
                {
                    using var client = new TcpClient();
                    await client.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
                    return true;
                }
                catch (SocketException)
                {
                    // Not listening yet.
                    return false;
                }
            },
            $"{program} listens",
            30);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, error);
    }
}
