using Runner.Web.Hosting;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;

namespace Runner.Tests.Engine.Support;

/// <summary>Certificates of tokens, made once for all programs of a run: making them takes longer than the rest of a start.</summary>
internal static class PreparedKeys
{
    private static readonly Lazy<IReadOnlyList<(string Name, byte[] Content)>> Files = new(() =>
    {
        using var folder = new TemporaryFolder();
        _ = new TokenCertificates(new(new DirectoryInfo(folder.Path)), TimeProvider.System);
        return [.. Directory.EnumerateFiles(folder.Path).Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)))];
    });

    /// <summary>Puts them into a data folder that has no keys yet.</summary>
    public static void PutInto(string dataFolder)
    {
        var keys = KeyFolder.Create(dataFolder);
        if (!keys.Directory.EnumerateFiles().Any())
        {
            foreach (var (name, content) in Files.Value)
            {
                SecretFile.Write(keys.File(name), content);
            }
        }
    }
}
