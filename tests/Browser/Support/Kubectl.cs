using System.Diagnostics;

namespace Runner.Tests.Browser.Support;

/// <summary>The real <c>kubectl</c>, from <c>.tools/bin</c>.</summary>
public static class Kubectl
{
    public static async Task CreateAsync(string kubeconfig, string yaml)
    {
        var start = new ProcessStartInfo(
            Path.Combine(Repository.Root, ".tools", "bin", "kubectl"), ["--kubeconfig", kubeconfig, "create", "--validate=false", "-f", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var kubectl = Process.Start(start)!;
        await kubectl.StandardInput.WriteAsync(yaml);
        kubectl.StandardInput.Close();
        var error = await kubectl.StandardError.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        Assert.True(kubectl.ExitCode == 0, error);
    }

    /// <summary>What it prints.</summary>
    public static async Task<string> RunAsync(string kubeconfig, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, ".tools", "bin", "kubectl"), ["--kubeconfig", kubeconfig, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var kubectl = Process.Start(start)!;
        var error = kubectl.StandardError.ReadToEndAsync();
        var output = await kubectl.StandardOutput.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        Assert.True(kubectl.ExitCode == 0, await error);
        return output;
    }
}
