"""Getting a notice out of the site, by mail, digest and webhook: each looks again who may read it when it goes."""
