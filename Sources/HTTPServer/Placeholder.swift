// placeholder while the modules are written
