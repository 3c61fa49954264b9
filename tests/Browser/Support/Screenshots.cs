namespace Runner.Tests.Browser.Support;

/// <summary>Where pictures of pages go, for somebody to look at.</summary>
internal static class Screenshots
{
    /// <summary>Path of a picture.</summary>
    /// <param name="name">Without ending.</param>
    public static string File(string name) =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "screenshots")).FullName, $"{name}.png");
}
