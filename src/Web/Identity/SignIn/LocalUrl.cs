namespace Runner.Web.Identity.SignIn;

/// <summary>Addresses to return to after signing in. One that leads out of the console must not become a redirect.</summary>
internal static class LocalUrl
{
    public static string OrHome(string? url) => IsLocal(url) ? url! : "/";

    private static bool IsLocal(string? url) => url is ['/'] or ['/', not ('/' or '\\'), ..] && !url.Any(char.IsControl);
}
