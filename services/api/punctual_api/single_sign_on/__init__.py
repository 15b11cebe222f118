"""Single sign-on by OpenID Connect: users log in at a provider, without a password of ours."""
