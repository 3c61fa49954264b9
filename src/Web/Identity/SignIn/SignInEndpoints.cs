using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using Runner.Web.Identity.Provider;
using Runner.Web.Identity.Sessions;
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
        routes.MapPost("/account/code", CodeAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy).DisableAntiforgery();
        routes.MapPost("/account/sign-out", SignOutAsync).RequireAuthorization(ConsolePolicies.Viewer);
        routes.MapPasswordLink();
        routes.MapProvider();
    }

    private static IResult Show(HttpContext context, string? returnUrl, string? link) =>
        context.User.Identity is { IsAuthenticated: true } && link is null
            ? Results.LocalRedirect(LocalUrl.OrHome(returnUrl))
            : SignInPages.Password(LocalUrl.OrHome(returnUrl), link: link);

    private static async Task<IResult> SignInAsync(
        HttpContext context,
        [FromForm(Name = "User")] string? name,
        [FromForm(Name = "Password")] string? password,
        [FromForm(Name = "Link")] string? link,
        [FromForm(Name = "ReturnUrl")] string? returnTo,
        SignInServices services,
        CancellationToken cancellationToken)
    {
        var returnUrl = LocalUrl.OrHome(returnTo);
        var tried = Shorten(name);
        if (!await services.Antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
        {
            return SignInPages.Password(returnUrl, SignInProblem.Expired, tried, link);
        }

        if (!string.IsNullOrEmpty(link))
        {
            return await ByLinkAsync(context, link, services, cancellationToken).ConfigureAwait(false);
        }

        var attempt = await BeginAsync(context, tried, AuditSentence.TooMany, services, cancellationToken).ConfigureAwait(false);
        if (attempt.Wait > TimeSpan.Zero)
        {
            return SignInPages.Password(returnUrl, SignInProblem.TooMany, tried, wait: attempt.Wait);
        }

        if (services.Users.Authenticate(tried, password ?? "") is not { } user)
        {
            await RefuseAsync(context, tried, AuditDetail.None, services, cancellationToken).ConfigureAwait(false);
            return SignInPages.Password(returnUrl, SignInProblem.Wrong, tried);
        }

        if (user.HasSecondFactor)
        {
            await services.Guard.PassedAsync(attempt, cancellationToken).ConfigureAwait(false);
            return SignInPages.Code(returnUrl, services.Second.Begin(user));
        }

        await services.Guard.SucceededAsync(attempt, cancellationToken).ConfigureAwait(false);
        await services.Start.RunAsync(context, user, SignInMethod.Password, AuditDetail.None, null, cancellationToken).ConfigureAwait(false);
        return Results.LocalRedirect(returnUrl);
    }

    private static async Task<IResult> CodeAsync(
        HttpContext context,
        [FromForm(Name = "Pending")] string? pending,
        [FromForm(Name = "Code")] string? code,
        [FromForm(Name = "ReturnUrl")] string? returnTo,
        SignInServices services,
        CancellationToken cancellationToken)
    {
        var returnUrl = LocalUrl.OrHome(returnTo);
        if (!await services.Antiforgery.IsRequestValidAsync(context).ConfigureAwait(false) || services.Second.UserOf(pending ?? "") is not { } user)
        {
            return SignInPages.Password(returnUrl, SignInProblem.Expired);
        }

        var attempt = await BeginAsync(context, user.Name, AuditSentence.TooManyCodes, services, cancellationToken).ConfigureAwait(false);
        if (attempt.Wait > TimeSpan.Zero)
        {
            return SignInPages.Code(returnUrl, pending!, SignInProblem.TooMany, attempt.Wait);
        }

        if (await services.Factor.VerifyAsync(user.Id, code ?? "", cancellationToken).ConfigureAwait(false) is not { } taken)
        {
            await RefuseAsync(context, user.Name, new AuditDetail(AuditSentence.CodeWrong), services, cancellationToken).ConfigureAwait(false);
            return SignInPages.Code(returnUrl, pending!, SignInProblem.CodeWrong);
        }

        await services.Guard.SucceededAsync(attempt, cancellationToken).ConfigureAwait(false);
        await services.Start.RunAsync(context, user, SignInMethod.SecondFactor, new AuditDetail(AuditSentence.WithFactor, $"{taken}"), null, cancellationToken).ConfigureAwait(false);
        return Results.LocalRedirect(returnUrl);
    }

    // The link's secret cannot be guessed, and is no password: the second factor of an account that has one is asked for all the same.
    private static async Task<IResult> ByLinkAsync(HttpContext context, string link, SignInServices services, CancellationToken cancellationToken)
    {
        var detail = new AuditDetail(AuditSentence.ByLink);
        var id = await services.Links.RedeemAsync(link, LinkPurpose.SignIn, cancellationToken).ConfigureAwait(false);
        if (id is null || services.Users.FindById(id) is not { Disabled: false } user)
        {
            await RefuseAsync(context, "", detail, services, cancellationToken).ConfigureAwait(false);
            return SignInPages.Password(LocalUrl.Home, SignInProblem.LinkUsed);
        }

        if (user.HasSecondFactor)
        {
            return SignInPages.Code(LocalUrl.Home, services.Second.Begin(user));
        }

        await services.Start.RunAsync(context, user, SignInMethod.Link, detail, null, cancellationToken).ConfigureAwait(false);
        return Results.LocalRedirect(LocalUrl.Home);
    }

    private static async Task<IResult> SignOutAsync(
        HttpContext context, AuditLog audit, SessionRegistry sessions, ProviderSignOut provider, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        if (!await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
        {
            return Results.LocalRedirect(LocalUrl.Home);
        }

        var next = await provider.BeginAsync(context).ConfigureAwait(false);
        if (context.User.FindFirst(ConsoleClaims.Session) is { } session)
        {
            await sessions.EndAsync(session.Value, cancellationToken).ConfigureAwait(false);
        }

        await audit.WriteAsync(context.User, AuditActions.SignOut, "", AuditOutcome.Done, AuditDetail.None, cancellationToken).ConfigureAwait(false);
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme).ConfigureAwait(false);
        return next is null ? Results.LocalRedirect("~" + SignInPath) : SignInPages.SignedOut(next);
    }

    private static async Task<SignInAttempt> BeginAsync(HttpContext context, string name, AuditSentence why, SignInServices services, CancellationToken cancellationToken)
    {
        var attempt = await services.Guard.BeginAsync(name, context.Connection.RemoteIpAddress, cancellationToken).ConfigureAwait(false);
        if (attempt.Wait > TimeSpan.Zero)
        {
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(attempt.Wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            await RefuseAsync(context, name, new AuditDetail(why), services, cancellationToken).ConfigureAwait(false);
        }

        return attempt;
    }

    private static Task RefuseAsync(HttpContext context, string name, AuditDetail detail, SignInServices services, CancellationToken cancellationToken) =>
        services.Audit.WriteAsync(name, SessionStart.AddressOf(context), AuditActions.SignIn, "", AuditOutcome.Refused, detail, cancellationToken);

    private static string Shorten(string? name)
    {
        var trimmed = (name ?? "").Trim();
        return trimmed.Length <= UserDirectory.LongestName ? trimmed : trimmed[..UserDirectory.LongestName];
    }
}

/// <summary>What signing in needs.</summary>
internal sealed record SignInServices(
    IAntiforgery Antiforgery, UserDirectory Users, OneTimeLinks Links, SignInGuard Guard, SecondStep Second, SecondFactor Factor, SessionStart Start, AuditLog Audit);
