using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Runner.Web.Identity.Pages;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.SignIn;

/// <summary>Signing in and out over plain HTTP: a circuit can set no cookie.</summary>
internal static class SignInEndpoints
{
    public const string SignInPath = "/sign-in";

    /// <summary>Maps the endpoints. They check antiforgery themselves, so that a form that is too old is answered with a page.</summary>
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(SignInPath, Show).AllowAnonymous();
        routes.MapPost("/account/sign-in", SignInAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy).DisableAntiforgery();
        routes.MapPost("/account/sign-out", SignOutAsync).RequireAuthorization(ConsolePolicies.Viewer);
    }

    /// <summary>The page for whoever tried too often.</summary>
    public static IResult TooManyPage() => Page("/", null, SignInProblem.TooMany, "");

    private static IResult Show(HttpContext context, string? returnUrl, string? link) =>
        context.User.Identity is { IsAuthenticated: true } && link is null
            ? Results.LocalRedirect(LocalUrl.OrHome(returnUrl))
            : Page(LocalUrl.OrHome(returnUrl), link, SignInProblem.None, "");

    private static async Task<IResult> SignInAsync(
        HttpContext context,
        [FromForm(Name = "User")] string? name,
        [FromForm(Name = "Password")] string? password,
        [FromForm(Name = "Link")] string? link,
        [FromForm(Name = "ReturnUrl")] string? returnTo,
        UserDirectory users,
        FirstSignIn links,
        AuditLog audit,
        IAntiforgery antiforgery,
        CancellationToken cancellationToken)
    {
        var returnUrl = LocalUrl.OrHome(returnTo);
        var tried = Shorten(name);
        if (!await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
        {
            return Page(returnUrl, link, SignInProblem.Expired, tried);
        }

        var address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        var byLink = !string.IsNullOrEmpty(link);
        var user = byLink
            ? await links.RedeemAsync(link!, cancellationToken).ConfigureAwait(false) is { } id ? users.FindById(id) : null
            : users.Authenticate(tried, password ?? "");
        if (user is null)
        {
            await audit.WriteAsync(tried, address, AuditActions.SignIn, "", AuditOutcome.Refused, byLink ? "By one-time link." : "", cancellationToken).ConfigureAwait(false);
            return Page(returnUrl, null, byLink ? SignInProblem.LinkUsed : SignInProblem.Wrong, tried);
        }

        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, ConsoleSession.Create(user, address)).ConfigureAwait(false);
        await audit.WriteAsync(user.Name, address, AuditActions.SignIn, "", AuditOutcome.Done, byLink ? "By one-time link." : "", cancellationToken).ConfigureAwait(false);
        return Results.LocalRedirect(returnUrl);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, AuditLog audit, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        if (!await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
        {
            return Results.LocalRedirect("/");
        }

        await audit.WriteAsync(context.User, AuditActions.SignOut, "", AuditOutcome.Done, "", cancellationToken).ConfigureAwait(false);
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme).ConfigureAwait(false);
        return Results.LocalRedirect(SignInPath);
    }

    private static RazorComponentResult<SignInPage> Page(string returnUrl, string? link, SignInProblem problem, string user) =>
        new(new Dictionary<string, object?>
        {
            [nameof(SignInPage.ReturnUrl)] = returnUrl,
            [nameof(SignInPage.Link)] = link,
            [nameof(SignInPage.Problem)] = problem,
            [nameof(SignInPage.User)] = user,
        })
        {
            StatusCode = problem switch
            {
                SignInProblem.None => StatusCodes.Status200OK,
                SignInProblem.TooMany => StatusCodes.Status429TooManyRequests,
                _ => StatusCodes.Status400BadRequest,
            },
        };

    private static string Shorten(string? name)
    {
        var trimmed = (name ?? "").Trim();
        return trimmed.Length <= UserDirectory.LongestName ? trimmed : trimmed[..UserDirectory.LongestName];
    }
}

/// <summary>Why the last attempt did not succeed.</summary>
public enum SignInProblem
{
    None,

    /// <summary>Unknown user or wrong password; which of them is not told.</summary>
    Wrong,

    /// <summary>The form is too old, or another site sent it.</summary>
    Expired,

    /// <summary>The one-time link is unknown, used or too old.</summary>
    LinkUsed,

    TooMany,
}
