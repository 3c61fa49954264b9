using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Runner.Tests.Engine.ImageBuilds;

/// <summary>
/// A Git server over HTTP with one repository, kept by the real <c>git http-backend</c>, and with large files as Git LFS asks for them.
/// With a token nothing is given without it.
/// </summary>
internal sealed class GitServer : IAsyncDisposable
{
    public const string User = "liwei";

    private readonly WebApplication _app;
    private readonly TemporaryFolder _folder = new();
    private readonly string? _token;
    private readonly Dictionary<string, byte[]> _largeFiles = [];

    private GitServer(WebApplication app, string? token)
    {
        _app = app;
        _token = token;
    }

    public string Url => $"{_app.Urls.First()}/spaces/acme/sketch-demo.git";

    /// <summary>Where a commit is made before it is pushed.</summary>
    public string WorkTree => Path.Combine(_folder.Path, "work");

    public static async Task<GitServer> StartAsync(string? token = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new GitServer(app, token);
        app.Map("/lfs/{oid}", (string oid) => server._largeFiles.TryGetValue(oid, out var content) ? Results.Bytes(content) : Results.NotFound());
        app.Map("/spaces/{**path}", server.ServeAsync);
        await app.StartAsync();
        Directory.CreateDirectory(server.WorkTree);
        await server.GitAsync("init", "-q", "-b", "main", ".");
        await server.GitAsync("init", "-q", "--bare", "-b", "main", server.Bare);
        return server;
    }

    private string Bare => Path.Combine(_folder.Path, "root", "spaces", "acme", "sketch-demo.git");

    /// <summary>Writes the files, commits and pushes them.</summary>
    /// <returns>The commit.</returns>
    public async Task<string> CommitAsync(params (string Name, string Content)[] files)
    {
        foreach (var (name, content) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(WorkTree, name), content);
        }

        await GitAsync("add", "-A");
        await GitAsync("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "A commit");
        await GitAsync("push", "-q", Bare, "HEAD");
        return (await GitAsync("rev-parse", "HEAD")).Trim();
    }

    /// <summary>The text that stands in the repository for a large file, which the server keeps elsewhere.</summary>
    public string LargeFile(string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var oid = Convert.ToHexStringLower(SHA256.HashData(bytes));
        _largeFiles[oid] = bytes;
        return $"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {bytes.Length}\n";
    }

    public async Task<string> GitAsync(params string[] arguments)
    {
        var (code, output) = await ShellTool.RunAsync("git", arguments, WorkTree, new() { ["GIT_LFS_SKIP_PUSH"] = "1" });
        return code == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)}: {output}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{_token}"));
        if (_token is not null && context.Request.Headers.Authorization != expected)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"hub\"";
            return;
        }

        if (context.Request.Path.Value!.EndsWith("/info/lfs/objects/batch", StringComparison.Ordinal))
        {
            await OfferLargeFilesAsync(context);
            return;
        }

        await RunBackendAsync(context);
    }

    private async Task OfferLargeFilesAsync(HttpContext context)
    {
        var request = await JsonNode.ParseAsync(context.Request.Body);
        var objects = request!["objects"]!.AsArray().Select(item => (JsonNode)new JsonObject
        {
            ["oid"] = item!["oid"]!.GetValue<string>(),
            ["size"] = item["size"]!.GetValue<long>(),
            ["actions"] = new JsonObject { ["download"] = new JsonObject { ["href"] = $"{_app.Urls.First()}/lfs/{item["oid"]}" } },
        });
        context.Response.ContentType = "application/vnd.git-lfs+json";
        await context.Response.WriteAsync(new JsonObject { ["transfer"] = "basic", ["objects"] = new JsonArray([.. objects]) }.ToJsonString());
    }

    // A CGI program: the request in its environment and input, headers and body in its output.
    private async Task RunBackendAsync(HttpContext context)
    {
        var start = new ProcessStartInfo("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["GIT_PROJECT_ROOT"] = Path.Combine(_folder.Path, "root");
        start.Environment["GIT_HTTP_EXPORT_ALL"] = "1";
        start.Environment["REQUEST_METHOD"] = context.Request.Method;
        start.Environment["PATH_INFO"] = context.Request.Path.Value;
        start.Environment["QUERY_STRING"] = context.Request.QueryString.Value!.TrimStart('?');
        start.Environment["CONTENT_TYPE"] = context.Request.ContentType ?? "";
        start.Environment["HTTP_CONTENT_ENCODING"] = context.Request.Headers.ContentEncoding.ToString();
        start.Environment["GIT_PROTOCOL"] = context.Request.Headers["Git-Protocol"].ToString();
        start.Environment["REMOTE_USER"] = User;
        using var process = Process.Start(start)!;
        await context.Request.Body.CopyToAsync(process.StandardInput.BaseStream);
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        var bytes = output.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var header in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (header[..colon], header[(colon + 1)..].Trim());
            if (name == "Status")
            {
                context.Response.StatusCode = int.Parse(value.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            }
            else
            {
                context.Response.Headers[name] = value;
            }
        }

        await context.Response.Body.WriteAsync(bytes.AsMemory(end + 4));
    }
}

/// <summary>Runs a program to its end.</summary>
internal static class ShellTool
{
    /// <returns>Exit code, and output and errors together.</returns>
    public static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments, string folder, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
