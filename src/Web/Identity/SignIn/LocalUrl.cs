namespace Runner.Web.Identity.SignIn;

/// <summary>Addresses to return to after signing in. One that leads out of the console must not become a redirect.</summary>
internal static class LocalUrl
{
    /// <summary>The console's first page, under whatever path the console is served.</summary>
    public const string Home = "~/";

    public static string OrHome(string? url) => IsLocal(url) ? url! : Home;

    private static bool IsLocal(string? url) => (url is ['/'] or ['/', not ('/' or '\\'), ..] or ['~', '/'] or ['~', '/', not ('/' or '\\'), ..]) && !url.Any(char.IsControl);
}
