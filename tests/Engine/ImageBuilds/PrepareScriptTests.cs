using Runner.Engine.Workloads.ImageBuilds;

namespace Runner.Tests.Engine.ImageBuilds;

/// <summary>The scripts of the build's first container, run by a real shell against a real Git server.</summary>
public sealed class PrepareScriptTests : IDisposable
{
    private const string Token = "tok-planted-4711";

    private readonly TemporaryFolder _folder = new();

    public PrepareScriptTests()
    {
        Directory.CreateDirectory(Config);
        foreach (var (name, content) in BuildFiles.All)
        {
            File.WriteAllText(Path.Combine(Config, name), content);
        }

        // Secrets are mounted apart from what is built.
        Directory.CreateDirectory(Path.Combine(_folder.Path, "secret"));
        Directory.CreateDirectory(Temporary);
        File.WriteAllText(TokenFile, Token);
    }

    private string Config => Path.Combine(_folder.Path, "config");

    private string Shared => Path.Combine(_folder.Path, "shared");

    private string Context => Path.Combine(Shared, "Sketch-Demo");

    private string Temporary => Path.Combine(_folder.Path, "tmp");

    private string TokenFile => Path.Combine(_folder.Path, "secret", "token");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gradio", "exec python3 app.py")]
    [InlineData("streamlit", "exec streamlit run app.py")]
    [InlineData("mcp_server", "exec python3 app.py")]
    public async Task A_python_space_gets_a_Dockerfile_a_start_script_and_its_lists(string sdk, string command)
    {
        await using var server = await GitServer.StartAsync();
        await server.CommitAsync(("app.py", "print(1)\n"), ("requirements.txt", "requests==2\r\nnumpy\r\n"), ("packages.txt", "ffmpeg # for sound\n"), ("Dockerfile", "FROM evil\n"));

        var (code, output) = await PrepareAsync(server, sdk);

        Assert.True(code == 0, output);
        Assert.Equal(BuildFiles.All["Dockerfile-python"], Read("Dockerfile"));
        Assert.Contains(command, Read("start_entrypoint.sh"), StringComparison.Ordinal);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(Context, "start_entrypoint.sh")).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal("requests==2\nnumpy\n", Read("requirements.txt"));
        Assert.Equal("ffmpeg", Read("packages.txt").Trim());
        Assert.Equal("", Read("pre-requirements.txt"));
        Assert.Equal("print(1)\n", Read("app.py"));
    }

    [Fact]
    public async Task An_nginx_space_keeps_its_own_configuration_or_gets_one()
    {
        await using var server = await GitServer.StartAsync();
        await server.CommitAsync(("index.html", "<p>hello</p>"));
        var (code, output) = await PrepareAsync(server, "nginx");
        Assert.True(code == 0, output);
        Assert.Equal(BuildFiles.All["Dockerfile-nginx"], Read("Dockerfile"));
        Assert.Equal(BuildFiles.All["nginx.conf"], Read("nginx.conf"));

        await server.CommitAsync(("nginx.conf", "# mine\n"));
        Assert.Equal(0, (await PrepareAsync(server, "nginx")).Code);
        Assert.Equal("# mine\n", Read("nginx.conf"));
    }

    [Fact]
    public async Task A_docker_space_is_built_as_it_is()
    {
        await using var server = await GitServer.StartAsync();
        await server.CommitAsync(("Dockerfile", "FROM scratch\n"), (".dockerignore", "*.log\n"));

        Assert.Equal(0, (await PrepareAsync(server, "docker")).Code);

        Assert.Equal([".dockerignore", "Dockerfile"], Directory.EnumerateFileSystemEntries(Context).Select(Path.GetFileName).Order());
        Assert.Equal("*.log\n", Read(".dockerignore"));
    }

    [Theory]
    [InlineData("docker", "the repository has no file Dockerfile")]
    [InlineData("gradio", "the repository has no file app.py")]
    [InlineData("fortran", "'fortran' is not an SDK that can be built")]
    public async Task What_cannot_be_built_is_said_in_a_sentence(string sdk, string problem)
    {
        await using var server = await GitServer.StartAsync();
        await server.CommitAsync(("README.md", "nothing"));

        var (code, output) = await PrepareAsync(server, sdk);

        Assert.NotEqual(0, code);
        Assert.Contains(problem, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_opens_the_hub_and_is_left_nowhere()
    {
        await using var server = await GitServer.StartAsync(Token);
        await server.CommitAsync(("app.py", "print(1)\n"));

        var (code, output) = await PrepareAsync(server, "gradio");

        Assert.True(code == 0, output);
        AssertNoToken(output);
        Assert.False(Directory.Exists(Path.Combine(Context, ".git")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary));
    }

    [Fact]
    public async Task A_wrong_token_ends_the_build_without_being_told()
    {
        await using var server = await GitServer.StartAsync(Token);
        await server.CommitAsync(("app.py", "print(1)\n"));
        const string Wrong = "tok-wrong-99999";
        await File.WriteAllTextAsync(TokenFile, Wrong, TestContext.Current.CancellationToken);

        var (code, output) = await PrepareAsync(server, "gradio");

        Assert.NotEqual(0, code);
        Assert.Contains("check its address, the token", output, StringComparison.Ordinal);
        Assert.DoesNotContain(Wrong, output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary));
    }

    [Fact]
    public async Task The_token_is_given_to_no_other_host()
    {
        // A repository may name another place for its large files: it is asked without the token, and refuses.
        await using var thief = await GitServer.StartAsync(Token);
        await using var server = await GitServer.StartAsync(Token);
        await server.CommitAsync(
            ("app.py", "print(1)\n"),
            (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"),
            (".lfsconfig", $"[lfs]\n\turl = {thief.Url}/info/lfs\n"),
            ("model.bin", thief.LargeFile("weights")));

        var (code, output) = await PrepareAsync(server, "gradio");

        Assert.NotEqual(0, code);
        Assert.Contains("large files of the repository cannot be fetched", output, StringComparison.Ordinal);
        AssertNoToken(output);
    }

    [Fact]
    public async Task Large_files_are_fetched_with_the_token()
    {
        await using var server = await GitServer.StartAsync(Token);
        await server.CommitAsync(
            ("app.py", "print(1)\n"), (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"), ("model.bin", server.LargeFile("weights of a model")));

        var (code, output) = await PrepareAsync(server, "gradio");

        Assert.True(code == 0, output);
        Assert.Equal("weights of a model", Read("model.bin"));
        AssertNoToken(output);
    }

    [Fact]
    public async Task A_branch_a_tag_and_a_commit_can_be_built()
    {
        await using var server = await GitServer.StartAsync(Token);
        var first = await server.CommitAsync(("app.py", "first"));
        await server.GitAsync("tag", "v1");
        await server.GitAsync("checkout", "-q", "-b", "feature/one");
        await server.CommitAsync(("app.py", "second"));
        await server.GitAsync("push", "-q", "--tags", Path.Combine(server.WorkTree, "../root/spaces/acme/sketch-demo.git"));
        await server.GitAsync("checkout", "-q", "main");
        await server.CommitAsync(("app.py", "third"));

        foreach (var (reference, content) in new[] { ("v1", "first"), ("feature/one", "second"), ("main", "third"), ("", "third"), (first, "first"), (first[..10], "first") })
        {
            var (code, output) = await PrepareAsync(server, "gradio", reference);
            Assert.True(code == 0, $"{reference}: {output}");
            Assert.Equal(content, Read("app.py"));
        }

        Assert.Contains("there is no branch, tag or commit 'nowhere'", (await PrepareAsync(server, "gradio", "nowhere")).Output, StringComparison.Ordinal);
        Assert.Contains("is not a branch, tag or commit", (await PrepareAsync(server, "gradio", "--upload-pack=touch /tmp/evil")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_lead_nowhere_outside_the_repository()
    {
        await using var server = await GitServer.StartAsync();
        var victim = Path.Combine(_folder.Path, "victim");
        await File.WriteAllTextAsync(victim, "untouched", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(server.WorkTree, "Dockerfile"), victim);
        File.CreateSymbolicLink(Path.Combine(server.WorkTree, "config.json"), "/kaniko/.docker/config.json");
        File.CreateSymbolicLink(Path.Combine(server.WorkTree, "requirements.txt"), TokenFile);
        File.CreateSymbolicLink(Path.Combine(server.WorkTree, "main.py"), "app.py");
        await server.CommitAsync(("app.py", "print(1)\n"));

        var (code, output) = await PrepareAsync(server, "gradio");

        Assert.True(code == 0, output);
        Assert.Equal("untouched", await File.ReadAllTextAsync(victim, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Path.Combine(Context, "config.json")));
        Assert.Equal("", Read("requirements.txt"));
        Assert.Equal("app.py", new FileInfo(Path.Combine(Context, "main.py")).LinkTarget);
        AssertNoToken(output);
    }

    [Fact]
    public async Task What_the_Dockerfile_copies_stays_in_the_context_whatever_is_ignored()
    {
        await using var server = await GitServer.StartAsync();
        await server.CommitAsync(("app.py", "print(1)\n"), (".dockerignore", "*.txt\n*.sh"));

        Assert.Equal(0, (await PrepareAsync(server, "gradio")).Code);

        Assert.Equal("*.txt\n*.sh\n!Dockerfile\n!start_entrypoint.sh\n!packages.txt\n!pre-requirements.txt\n!requirements.txt\n", Read(".dockerignore"));
    }

    [Fact]
    public async Task The_scripts_have_nothing_that_shellcheck_minds()
    {
        var scripts = Directory.EnumerateFiles(Config, "*.sh").ToList();

        var (code, output) = await ShellTool.RunAsync("shellcheck", ["-s", "sh", .. scripts], _folder.Path);

        Assert.True(code == 0, output);
        Assert.Equal(5, scripts.Count);
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(Context, name));

    private void AssertNoToken(string output)
    {
        Assert.DoesNotContain(Token, output, StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Shared, "*", SearchOption.AllDirectories).Where(File.Exists))
        {
            Assert.DoesNotContain(Token, File.ReadAllText(file), StringComparison.Ordinal);
        }
    }

    private Task<(int Code, string Output)> PrepareAsync(GitServer server, string sdk, string reference = "main") => ShellTool.RunAsync(
        ShellTool.Has("dash") ? "dash" : "sh",
        [Path.Combine(Config, BuildFiles.PrepareScript)],
        _folder.Path,
        new()
        {
            ["SPACE_URL"] = server.Url,
            ["GIT_REF"] = reference,
            ["GIT_USER"] = GitServer.User,
            ["GIT_TOKEN_FILE"] = TokenFile,
            ["REPO_NAME"] = "Sketch-Demo",
            ["SDK"] = sdk,
            ["SHARED_DIR"] = Shared,
            ["TMPDIR"] = Temporary,
        });
}
